"""Utterances of the ten digits: recordings, espeak-ng speech, splits and augmentation.

Audio is mono float32 in -1..1 at 8 kHz. Nothing here writes into the repository; synthesized speech
is cached in the work folder that the caller names.
"""

import dataclasses
import hashlib
import io
import pathlib
import subprocess
import tempfile
import wave
import zipfile

import numpy as np
from scipy.signal import resample_poly

SAMPLE_RATE = 8000
CLIP_SAMPLES = 8000
ESPEAK_RATE = 22050
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

HELD_OUT_SPEAKER = "theo"
HELD_OUT_INDICES = range(5, 10)

ACCENTS = (
    "en-us", "en-gb", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029",
    "en-us-nyc",
)
TRAINING_VARIANTS = (
    "m1", "m2", "m4", "m6", "m8", "f1", "f2", "f5", "croak", "Alex", "Andrea", "Annie",
    "AnxiousAndy", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Jacky", "Lee", "Mario", "Mike",
    "Mr serious", "Storm", "Tweaky", "adam", "anika", "announcer", "antonio", "aunty", "belinda",
    "boris", "ed", "fast", "grandma", "grandpa", "gustave", "iven", "iven2", "iven3", "iven4",
    "kaukovalta", "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro",
    "quincy", "rob", "sandro", "shelby", "robosoft3", "travis", "victor", "zac", "whisperf",
)
# Many variants differ in name only, so these two lists hold voices clearly unlike every training
# variant: said at one speed and pitch, their normalised log-mel differs by more than 0.25 RMS.
EVALUATION_VARIANTS = ("m3", "f4", "Alicia", "david", "linda", "steph", "steph2")
SAMPLE_VARIANTS = ("m7", "f3", "Andy", "Marco", "Nguyen")


@dataclasses.dataclass(frozen=True)
class Voice:
    """One espeak-ng speaking style."""

    accent: str
    variant: str
    words_per_minute: int
    pitch: int
    punctuation: str = ""


@dataclasses.dataclass(frozen=True)
class Utterance:
    """One spoken digit with where it came from (`source`: speaker name or espeak-ng variant)."""

    samples: np.ndarray
    digit: int
    source: str
    index: int


def read_wav(file):
    """Read a mono PCM16 8 kHz WAV (path or file object) as float32 in -1..1."""
    with wave.open(file) as reader:
        layout = (reader.getnchannels(), reader.getsampwidth(), reader.getframerate())
        if layout != (1, 2, SAMPLE_RATE):
            raise ValueError(f"expected mono PCM16 at {SAMPLE_RATE} Hz, found {layout}")
        frames = reader.readframes(reader.getnframes())
    return np.frombuffer(frames, "<i2").astype(np.float32) / 32768


def write_wav(path, samples):
    """Write float samples in -1..1 as a mono PCM16 8 kHz WAV."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(to_pcm16(samples).tobytes())


def to_pcm16(samples):
    """Round float samples to little-endian PCM16, saturating."""
    return np.clip(np.rint(np.asarray(samples) * 32768), -32768, 32767).astype("<i2")


def fit(samples):
    """Trim or zero-pad at the end to the model's `CLIP_SAMPLES`."""
    samples = samples[:CLIP_SAMPLES]
    return np.pad(samples, (0, CLIP_SAMPLES - len(samples))).astype(np.float32)


def read_recordings(archive):
    """Read every `<digit>_<speaker>_<index>.wav` of a zip, in name order."""
    utterances = []
    with zipfile.ZipFile(archive) as zipped:
        for name in sorted(n for n in zipped.namelist() if n.endswith(".wav")):
            digit, speaker, index = pathlib.PurePosixPath(name).stem.split("_")
            samples = read_wav(io.BytesIO(zipped.read(name)))
            utterances.append(Utterance(samples, int(digit), speaker, int(index)))
    if not utterances:
        raise ValueError(f"{archive} holds no <digit>_<speaker>_<index>.wav")
    return utterances


def split_recordings(utterances):
    """Return (training, held-out recordings of the training speakers, held-out speaker)."""
    seen = [u for u in utterances if u.source != HELD_OUT_SPEAKER]
    training = [u for u in seen if u.index not in HELD_OUT_INDICES]
    recordings = [u for u in seen if u.index in HELD_OUT_INDICES]
    return training, recordings, [u for u in utterances if u.source == HELD_OUT_SPEAKER]


def trim_silence(samples, margin=160):
    """Cut what is 46 dB below the peak off both ends, leaving `margin` samples where there are."""
    loud = np.flatnonzero(np.abs(samples) > 0.005 * np.abs(samples).max())
    if not len(loud):
        return samples
    return samples[max(0, loud[0] - margin):loud[-1] + 1 + margin]


def speak(digit, voice):
    """Speak one digit with espeak-ng; returns trimmed float32 at 8 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(
            ["espeak-ng", "-v", f"{voice.accent}+{voice.variant}",
             "-s", str(voice.words_per_minute), "-p", str(voice.pitch), "-w", file.name,
             WORDS[digit] + voice.punctuation],
            check=True)
        with wave.open(file.name) as reader:
            if reader.getframerate() != ESPEAK_RATE:
                raise ValueError(f"espeak-ng wrote {reader.getframerate()} Hz")
            pcm = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    # 8000 / 22050 = 160 / 441
    return trim_silence(resample_poly(pcm.astype(np.float64) / 32768, 160, 441)).astype(np.float32)


def draw_voice(random, accent, variant):
    """Draw speed, pitch and intonation for one accent and variant."""
    return Voice(accent, variant, int(random.integers(100, 241)), int(random.integers(20, 81)),
                 str(random.choice(["", "", "?", "!"])))


def synthesize(variants, takes, seed, work):
    """Speak every digit in every accent and variant `takes` times; cached as one file in `work`."""
    key = hashlib.sha256(repr((ACCENTS, variants, takes, seed)).encode()).hexdigest()[:16]
    cache = pathlib.Path(work) / f"espeak_{key}.npz"
    if not cache.exists():
        random = np.random.default_rng(seed)
        rows = [(digit, draw_voice(random, accent, variant)) for variant in variants
                for accent in ACCENTS for digit in range(len(WORDS)) for _ in range(takes)]
        clips = [to_pcm16(speak(digit, voice)) for digit, voice in rows]
        np.savez(cache, pcm=np.concatenate(clips), lengths=[len(c) for c in clips],
                 digits=[d for d, _ in rows], sources=[v.variant for _, v in rows])
    stored = np.load(cache)
    parts = np.split(stored["pcm"], np.cumsum(stored["lengths"])[:-1])
    return [Utterance(part.astype(np.float32) / 32768, int(digit), str(source), index)
            for index, (part, digit, source)
            in enumerate(zip(parts, stored["digits"], stored["sources"]))]


def coloured_noise(random, count, exponent):
    """Gaussian noise of unit RMS whose power falls with frequency to the `exponent`."""
    spectrum = np.fft.rfft(random.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count), 1 / count * 20)
    noise = np.fft.irfft(spectrum * frequency ** (-exponent / 2), count)
    return (noise / np.sqrt(np.mean(noise ** 2))).astype(np.float32)


class Augmenter:
    """Random shift, gain, speed and noise; deterministic by the generator each call is given."""

    def __init__(self, utterances, seed):
        """Prepare a pool of noise: coloured, mains hum, and babble made of `utterances`."""
        random = np.random.default_rng(seed)
        count = 2 * CLIP_SAMPLES
        self._noises = [coloured_noise(random, count, e) for e in np.linspace(0, 2, 60)]
        self._noises += [self._hum(random, count) for _ in range(10)]
        self._noises += [self._babble(random, count, utterances) for _ in range(60)]

    @staticmethod
    def _hum(random, count):
        base = random.choice([50, 60]) * 2 * np.pi / SAMPLE_RATE * np.arange(count)
        hum = sum(random.uniform(0, 1) / k * np.sin(k * base + random.uniform(0, 6))
                  for k in range(1, 9))
        hum = hum + 0.1 * random.standard_normal(count)
        return (hum / np.sqrt(np.mean(hum ** 2))).astype(np.float32)

    @staticmethod
    def _babble(random, count, utterances):
        babble = np.zeros(count, np.float32)
        for _ in range(random.integers(12, 40)):
            clip = utterances[random.integers(len(utterances))].samples
            clip = clip / (np.abs(clip).max() + 1e-6)
            babble += np.roll(np.resize(np.pad(clip, (0, 1000)), count), random.integers(count))
        return babble / np.sqrt(np.mean(babble ** 2))

    def __call__(self, random, samples):
        """Return one randomly altered clip of `CLIP_SAMPLES`."""
        speed = random.uniform(0.85, 1.18)
        samples = np.interp(np.arange(0, len(samples) - 1, speed), np.arange(len(samples)), samples)
        samples = samples / (np.abs(samples).max() + 1e-6)
        level = np.sqrt(np.mean(samples ** 2))
        slack = CLIP_SAMPLES - len(samples)
        start = random.integers(0, slack + 1) if slack > 0 and random.random() < 0.6 else 0
        clip = np.zeros(CLIP_SAMPLES, np.float32)
        samples = samples[:CLIP_SAMPLES - start]
        clip[start:start + len(samples)] = samples
        if random.random() < 0.75:
            noise = self._noises[random.integers(len(self._noises))]
            offset = random.integers(len(noise) - CLIP_SAMPLES + 1)
            ratio = 10 ** (-random.uniform(0, 40) / 20)
            noise = noise[offset:offset + CLIP_SAMPLES] * level * ratio
            if random.random() < 0.5:
                noise[start + len(samples):] = 0
                noise[:start] = 0
            clip += noise
        clip *= 10 ** (random.uniform(-34, 0) / 20)
        return (to_pcm16(clip) / np.float32(32768)).astype(np.float32)
