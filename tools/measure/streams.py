"""The recurrent models of the asset folder as a device runs them: one frame or character at a time, states fed back."""
import json
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512))


@dataclass
class Network:
    """One ONNX file: its states (input: output that feeds it, shape), how it is converted, and inputs fixed by that."""
    file: str
    states: dict
    options: list = field(default_factory=list)
    fixed: dict = field(default_factory=dict)


VOICE = {"state": ("stateN", (2, 1, 128))}
DTLN = {"state": ("state_out", (1, 2, 128, 2))}
NETWORKS = {
    "silero": Network("speech/silero_vad_16k_static.onnx", VOICE),
    "silero_original": Network("speech/silero_vad_16k_original.onnx", VOICE,
                               ["--input", "sr=16000", "--size", "batch=1,sequence=576"], {"sr": np.array(16000)}),
    "dtln_1": Network("speech/dtln_stage1_16k.onnx", DTLN),
    "dtln_2": Network("speech/dtln_stage2_16k.onnx", DTLN),
    "gtcrn": Network("speech/gtcrn_stream_16k.onnx", {
        "conv_cache": ("conv_cache_out", (2, 1, 16, 16, 33)), "tra_cache": ("tra_cache_out", (2, 3, 1, 1, 16)),
        "inter_cache": ("inter_cache_out", (2, 1, 33, 16))}),
    "charlstm": Network("language/charlstm_shakespeare.onnx", {"h0": ("h1", (2, 1, 128)), "c0": ("c1", (2, 1, 128))},
                        ["--size", "T=1"]),
}


class Stream:
    """A network that is fed its own states, zeros first; `run` maps inputs to outputs, both by name."""

    def __init__(self, name, run, record=None):
        self.states = NETWORKS[name].states
        self.now = {state: np.zeros(shape, np.float32) for state, (_, shape) in self.states.items()}
        self.run, self.record = run, record

    def step(self, **feeds):
        """Outputs for one step's inputs."""
        if self.record is not None:
            self.record.append(feeds)
        outputs = self.run({**feeds, **self.now})
        self.now = {state: outputs[result] for state, (result, _) in self.states.items()}
        return outputs


class Session:
    """A converted file whose session keeps the states, from their beginning."""

    def __init__(self, model):
        self.model = model
        model.reset()

    def step(self, **feeds):
        """Outputs for one step's inputs."""
        return self.model.run(feeds)


def read_wave(path):
    """Samples of a 16 kHz recording in -1..1."""
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (16000, 1, 2):
            raise ValueError(f"{path}: not 16 kHz, one channel of 16 bits")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768


def voice(stream, sound):
    """Speech probability of every 32 ms frame."""
    context, probabilities = np.zeros(64, np.float32), []
    for start in range(0, len(sound) // 512 * 512, 512):
        frame = np.concatenate([context, sound[start:start + 512]])[None]
        context = frame[0, -64:]
        probabilities.append(float(stream.step(input=frame)["output"].ravel()[0]))
    return np.array(probabilities)


def dtln(first, second, sound):
    """The enhanced recording; it lags by 384 samples."""
    window, overlap, result = np.zeros(512, np.float32), np.zeros(512, np.float32), np.zeros(len(sound), np.float32)
    for start in range(0, (len(sound) - 384) // 128 * 128, 128):
        window = np.concatenate([window[128:], sound[start:start + 128]])
        spectrum = np.fft.rfft(window)
        magnitude = np.abs(spectrum).astype(np.float32)[None, None]
        mask = first.step(magnitude=magnitude)["mask"]
        block = np.fft.irfft(magnitude[0, 0] * mask[0, 0] * np.exp(1j * np.angle(spectrum))).astype(np.float32)
        overlap = np.concatenate([overlap[128:], np.zeros(128, np.float32)])
        overlap += second.step(block=block[None, None])["block_out"].ravel()
        result[start:start + 128] = overlap[:128]
    return result


def gtcrn(stream, sound):
    """The enhanced recording."""
    padded = np.pad(sound, 256, mode="reflect")
    result, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for start in range(0, (len(padded) - 512) // 256 * 256 + 1, 256):
        spectrum = np.fft.rfft(padded[start:start + 512] * WINDOW)
        mix = np.stack([spectrum.real, spectrum.imag], -1).astype(np.float32)[None, :, None]
        enhanced = stream.step(mix=mix)["enh"][0, :, 0]
        result[start:start + 512] += np.fft.irfft(enhanced[:, 0] + 1j * enhanced[:, 1]) * WINDOW
        weight[start:start + 512] += WINDOW ** 2
    return (result / np.maximum(weight, 1e-8))[256:256 + len(sound)].astype(np.float32)


def characters(stream, text):
    """Logits after every character."""
    return np.concatenate([stream.step(chars=np.array([[character]], np.int64))["logits"] for character in text])


def signal_to_noise(estimate, reference):
    """In dB; infinite for equal signals."""
    reference = reference.astype(np.float64)
    noise = ((estimate - reference) ** 2).sum()
    return float(10 * np.log10((reference ** 2).sum() / noise)) if noise else float("inf")


def distortion(estimate, clean):
    """SI-SDR of an estimate in dB."""
    estimate, clean = (part - part.mean() for part in (estimate.astype(np.float64), clean.astype(np.float64)))
    target = clean * (estimate @ clean) / (clean @ clean)
    return float(10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target))))
