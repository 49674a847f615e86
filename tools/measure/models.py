"""The models of the asset folder: files, preprocessing, and which data calibrate and which measure."""
import io
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from . import detections, planted


@dataclass
class Sample:
    """One input (or several, by name), the right class where it is known (-1: not known; an array of one for each point),
    and a name to look references up by."""
    name: str
    array: np.ndarray | dict
    label: int | np.ndarray | None = None
    context: object = None  # what Case.classes needs besides
    distance: np.ndarray | None = None  # of each point from the sensor, in metres


@dataclass
class Case:
    """A model and what is measured with it."""
    file: str
    input: str
    calibration: list
    evaluation: list
    decode: object = None
    references: object = None
    classes: object = None  # (outputs, sample) -> class of every point; else the argmax of the first output
    controls: tuple = ()  # options of further conversions, to compare with

    def feeds(self, sample):
        """Inputs of a sample by name."""
        return sample.array if isinstance(sample.array, dict) else {self.input: sample.array}


def picture(image, size, mean, std, order="rgb"):
    """NCHW float32 from an image stretched to `size` (width, height)."""
    image = image.convert("RGB")
    if image.size != size:
        image = image.resize(size, Image.BILINEAR)
    pixels = np.asarray(image, np.float32)
    if order == "bgr":
        pixels = pixels[..., ::-1]
    pixels = (pixels - np.float32(mean)) / np.float32(std)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)


PICTURES = {
    "mobilenet_v2_1.0_224_imagenet": ((224, 224), 127.5, 127.5, "rgb"),
    "squeezenet_1.1_224_imagenet": ((224, 224), (104, 117, 123), 1, "bgr"),
    "tiny_darknet_224_imagenet": ((224, 224), 0, 255, "rgb"),
    "resnet20_32_cifar10": ((32, 32), (123.675, 116.28, 103.53), (58.395, 57.12, 57.375), "rgb"),
    "resnet8_32_cifar10": ((32, 32), 0, 1, "rgb"),
    "mobilenet_v1_0.25_96_person": ((96, 96), 0, 255, "rgb"),
    "ultraface_rfb_320x240_face": ((320, 240), 127, 128, "rgb"),
    "fastestdet_352_coco": ((352, 352), 0, 255, "bgr"),
    "nanodet_m_320_coco": ((320, 320), (103.53, 116.28, 123.675), (57.375, 57.12, 58.395), "bgr"),
}


def spread(items, count):
    """`count` of the items, evenly spaced, and the others."""
    chosen = {index * len(items) // count for index in range(min(count, len(items)))}
    return [items[i] for i in sorted(chosen)], [item for i, item in enumerate(items) if i not in chosen]


class Assets:
    """The data of one asset tree; with a second tree to measure on, all of the first may calibrate."""

    def __init__(self, root, held_out=None):
        self.root, self.other = Path(root), Path(held_out) if held_out else None

    def cases(self):
        """Every model, smallest data first."""
        yield self.keywords()
        for model in ("resnet8_32_cifar10", "resnet20_32_cifar10"):
            yield self.cifar(model)
        yield self.hard("resnet20_32_cifar10")
        yield self.person()
        for model in ("squeezenet_1.1_224_imagenet", "tiny_darknet_224_imagenet", "mobilenet_v2_1.0_224_imagenet"):
            yield self.imagenet(model)
        yield self.detector("ultraface_rfb_320x240_face", "face_320x240", detections.ultraface)
        yield self.detector("fastestdet_352_coco", "coco_352", detections.fastestdet)
        yield self.detector("nanodet_m_320_coco", "coco_352", detections.nanodet)

    def split(self, read, count):
        """Calibration and evaluation samples of a data set that both trees have."""
        if self.other:
            return spread(read(self.root), count)[0], read(self.other)
        return spread(read(self.root), count)

    def crops(self, model, root, folder="imagenet_224"):
        if folder == "imagenet_224":
            lines = (root / "vision/imagenet_labels.tsv").read_text().splitlines()[1:]
            pairs = [line.split("\t")[:2] for line in lines]
        else:
            pairs = [(f"{folder}/{path.name}", None) for path in sorted((root / "vision" / folder).glob("*.jpg"))]
        return [Lazy(path, root / "vision" / path, PICTURES[model], label and int(label)) for path, label in pairs]

    def imagenet(self, model):
        calibration, evaluation = self.split(lambda root: self.crops(model, root), 256 if self.other else 128)
        return Case(f"vision/{model}.onnx", "input", calibration, evaluation, references=self.logits(model))

    def person(self):
        model = "mobilenet_v1_0.25_96_person"
        photos = self.crops(model, self.root, "coco_352")
        calibration, evaluation = self.split(lambda root: self.crops(model, root), 200)
        evaluation = evaluation + (self.crops(model, self.other, "coco_352") if self.other else photos[:7])
        for sample in evaluation:
            sample.label = None
        references = {f"coco_352/{name}": row for name, row in self.logits(model).items()}
        return Case(f"vision/{model}.onnx", "input", calibration + photos[7:], evaluation, references=references)

    def detector(self, model, folder, decode):
        crops = spread(self.crops(model, self.root), 120)[0]
        if folder != "coco_352":
            crops = crops[::2] + self.crops(model, self.root, "coco_352")
        calibration, evaluation = self.split(lambda root: self.crops(model, root, folder), 32 if self.other else 3)
        return Case(f"vision/{model}.onnx", "input", crops + calibration, evaluation, decode, self.raw_detections(model))

    def cifar(self, model):
        def read(root, name, prefix=""):
            with zipfile.ZipFile(root / "vision" / name) as archive:
                return [Lazy(prefix + member, io.BytesIO(archive.read(member)), PICTURES[model], int(member.split("_")[0]))
                        for member in sorted(archive.namelist())]
        calibration, _ = spread(read(self.root, "cifar10_train_subset.zip", "train/"), 256)
        evaluation = read(self.other or self.root, "cifar10_test_half.zip")
        return Case(f"vision/{model}.onnx", "input", calibration, evaluation, references=self.logits(model))

    def hard(self, model):
        """The same network with rescaled and outlier channels, and what taking ranges as they are makes of it."""
        case = self.cifar(model)
        self.folder = tempfile.TemporaryDirectory(prefix="planted-")
        file = Path(self.folder.name) / f"{model}_planted.onnx"
        planted.rescaled(self.root / case.file, file)
        case.file, case.controls = str(file), ("--observer minmax",)
        return case

    def keywords(self):
        def read(root):
            data = np.load(root / "speech/kws_test_mfcc.npz")
            arrays = data["mfcc"].astype(np.float32)[:, None, None]
            return [Sample(str(name), array, int(label))
                    for name, array, label in zip(data["files"], arrays, data["label"])]
        calibration, evaluation = self.split(read, 256)
        data = np.load((self.other or self.root) / "speech/kws_test_mfcc.npz")
        table = {str(name): {"logits": row.astype(np.float32)} for name, row in zip(data["files"], data["ref_logits"])}
        return Case("speech/kws_dscnn_mfcc49x10.onnx", "mfcc", calibration, evaluation, references=table)

    def logits(self, model):
        """Stored reference outputs by sample name."""
        data = np.load((self.other or self.root) / f"vision/ref_{model}.npz")
        return {str(name): {"logits": row} for name, row in zip(data["files"], data["logits"])}

    def raw_detections(self, model):
        folder = (self.other or self.root) / "vision"
        table = {}
        if model.startswith("ultraface"):
            raw = np.load(folder / "ref_face_raw.npz")
            for name in json.loads((folder / "ref_face_detections.json").read_text()):
                if f"{name}_boxes" in raw:
                    table[f"face_320x240/{name}"] = {"scores": raw[f"{name}_scores"], "boxes": raw[f"{name}_boxes"]}
            return table
        raw = np.load(folder / "ref_coco_raw.npz")
        for name in json.loads((folder / "ref_coco_detections.json").read_text()):
            if f"{name}_fastestdet" not in raw:
                continue
            if model.startswith("fastestdet"):
                table[f"coco_352/{name}"] = {"output": raw[f"{name}_fastestdet"].transpose(2, 0, 1)}
            else:
                heads = ("cls8", "reg8", "cls16", "reg16", "cls32", "reg32")
                table[f"coco_352/{name}"] = {head: raw[f"{name}_nanodet{i}"] for i, head in enumerate(heads)}
        return table


class Lazy:
    """A picture that is decoded when it is asked for."""

    distance = None

    def __init__(self, name, source, form, label):
        self.name = name if "/" not in str(name) else "/".join(str(name).split("/")[-2:])
        self.source, self.form, self.label = source, form, label

    @property
    def array(self):
        if hasattr(self.source, "seek"):
            self.source.seek(0)
        with Image.open(self.source) as image:
            return picture(image, *self.form)
