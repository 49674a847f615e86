"""The LiDAR networks of the asset folder: range images and pillars from labelled scans, and their right classes."""
import numpy as np

from .models import Case, Sample

GRID, CELL, REACH, PILLARS, POINTS = 128, 0.5, 32.0, 4096, 16
RANGE_MEAN = np.float32((-0.047, 0.365, -0.855, 0.2198, 8.3568))
RANGE_STD = np.float32((10.154, 7.627, 0.8651, 0.1764, 9.6474))
BIRD_CLASSES = np.full(20, 255, np.uint8)
for _index, _labels in enumerate(([9, 10], [11, 12, 17], [1, 2, 3, 4, 5], [13, 14], [15, 16], [6, 7, 8, 18, 19])):
    BIRD_CLASSES[_labels] = _index
CENTRES = (np.arange(GRID) + .5) * CELL - REACH
CELL_DISTANCE = np.hypot(CENTRES[:, None], CENTRES[None])  # of each cell from the sensor, in metres
COLUMNS = (slice(None), slice(None), slice(384, 640))  # of the range logits, what is stored


def range_image(points):
    """[64, 1024, 5] (x, y, z, intensity, range) to the network's input; pixels without a return are 0."""
    hit = points[..., 4] > 0
    image = (points - RANGE_MEAN) / RANGE_STD * hit[..., None]
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)


def pillars(cloud):
    """M x 4 points to features [PILLARS, POINTS, 9] and cells [PILLARS, 1]; GRID * GRID stands for padding."""
    x, y, z = cloud[:, 0], cloud[:, 1], cloud[:, 2]
    cloud = cloud[(np.abs(x + 1e-6) < REACH) & (np.abs(y + 1e-6) < REACH) & (z >= -4) & (z < 2)]
    columns = np.clip(((cloud[:, :2] + REACH) / CELL).astype(np.int64), 0, GRID - 1)
    place = columns[:, 1] * GRID + columns[:, 0]
    order = np.argsort(place, kind="stable")
    place, cloud = place[order], cloud[order]
    cells, start, count = np.unique(place, return_index=True, return_counts=True)
    if len(cells) > PILLARS:
        kept = np.sort(np.argsort(-count, kind="stable")[:PILLARS])
        cells, start, count = cells[kept], start[kept], count[kept]
    number = np.arange(POINTS)[None]
    real = number < count[:, None]
    chosen = cloud[np.minimum(start[:, None] + number, len(cloud) - 1)] * real[..., None]
    mean = chosen[..., :3].sum(1) / np.minimum(count, POINTS)[:, None]
    centre = np.stack([cells % GRID, cells // GRID], 1) * CELL + CELL / 2 - REACH
    features, cell = np.zeros((PILLARS, POINTS, 9), np.float32), np.full((PILLARS, 1), GRID * GRID, np.int64)
    used = len(cells)
    features[:used, :, :4] = chosen
    features[:used, :, 4:7] = (chosen[..., :3] - mean[:, None]) * real[..., None]
    features[:used, :, 7:9] = (chosen[..., :2] - centre[:, None]) * real[..., None]
    features[..., :2] /= REACH
    cell[:used, 0] = cells
    return features, cell


def bird_labels(cloud, labels):
    """The commonest class of each cell's labelled points, -1 where there is none."""
    x, y, z = cloud[:, 0], cloud[:, 1], cloud[:, 2]
    inside = (np.abs(x) < REACH) & (np.abs(y) < REACH) & (z >= -4) & (z < 2) & (labels < 6)
    columns = ((cloud[inside, :2] + REACH) / CELL).astype(np.int64).clip(0, GRID - 1)
    place = (columns[:, 1] * GRID + columns[:, 0]) * 6 + labels[inside]
    votes = np.bincount(place, minlength=GRID * GRID * 6).reshape(-1, 6)
    return np.where(votes.sum(1) > 0, votes.argmax(1), -1).reshape(GRID, GRID)


def scattered(features, cell):
    """Pillar features on the grid, as [1, C, GRID, GRID]."""
    bird = np.zeros((GRID * GRID + 1, features.shape[1]), np.float32)
    bird[cell[:, 0]] = features
    return np.ascontiguousarray(bird[:-1].T.reshape(1, -1, GRID, GRID))


class Lidar:
    """Scans of the street that the networks have seen: half calibrate, half measure."""

    def __init__(self, assets, oracle):
        self.assets, self.oracle = assets, oracle

    def cases(self):
        yield self.range_network()
        yield from self.pillar_networks()

    def split(self, read):
        """Scans that calibrate and scans that measure; the first, which has references, measures."""
        if self.assets.other:
            return read(self.assets.root), read(self.assets.other)
        scans = read(self.assets.root)
        return scans[1::2], scans[::2]

    @staticmethod
    def scans(root):
        data = np.load(root / "lidar/semantickitti_seen_street.npz")
        return [(f"scan{i}", points.astype(np.float32), labels.astype(np.int64))
                for i, (points, labels) in enumerate(zip(data["points"], data["label"]))]

    def stored(self):
        return np.load((self.assets.other or self.assets.root) / "lidar/ref_semantickitti_seen_street.npz")

    def range_network(self):
        def read(root):
            return [Sample(name, {"range_image": range_image(points)},
                           np.where((points[..., 4] > 0) & (labels > 0), labels, -1), distance=points[..., 4])
                    for name, points, labels in self.scans(root)]

        def classes(outputs, _):
            scores = outputs["logits"][0].copy()
            scores[0] = -np.inf  # never trained
            return scores.argmax(0)

        data = self.stored()
        references = {"scan0": {"logits": (data["range_logits_scan0_columns384_640"], COLUMNS),
                                "exit0_logits": data["range_exit0_scan0"]}}
        return Case("lidar/rangeseg_semantickitti_64x1024.onnx", "range_image", *self.split(read),
                    references=references, classes=classes)

    def pillar_networks(self):
        def read(root):
            samples = []
            for name, points, labels in self.scans(root):
                hit = points[..., 4] > 0
                cloud = points[hit][:, :4]
                features, cell = pillars(cloud)
                samples.append(Sample(name, {"pillars": features, "cell": cell},
                                      bird_labels(cloud, BIRD_CLASSES[labels[hit]]), distance=CELL_DISTANCE))
            return samples

        halves = self.split(read)
        folder = self.assets.root / "lidar"
        backbone, first = self.oracle(folder / "pillarseg_bev128_backbone.onnx"), self.oracle(folder / "pillarseg_bev128_pfn.onnx")
        data = self.stored()
        logits = {"scan0": {"logits": data["pillar_logits_scan0"], "exit0_logits": data["pillar_exit0_scan0"]}}
        features = data["pillar_features_scan0"]
        used = (slice(0, len(features)),)

        def direct(outputs, _):
            return outputs["logits"][0].argmax(0)

        def through_backbone(outputs, sample):
            bird = scattered(outputs["pillar_features"], sample.context)
            return backbone({"bev": bird})["logits"][0].argmax(0)

        def part(sample):
            return Sample(sample.name, {"pillars": sample.array["pillars"]}, sample.label, sample.array["cell"], CELL_DISTANCE)

        def bird(sample):
            made = first({"pillars": sample.array["pillars"]})["pillar_features"]
            return Sample(sample.name, {"bev": scattered(made, sample.array["cell"])}, sample.label, distance=CELL_DISTANCE)

        yield Case("lidar/pillarseg_bev128_full.onnx", "pillars", *halves, references=logits, classes=direct,
                   controls=("--observer kl",))
        yield Case("lidar/pillarseg_bev128_pfn.onnx", "pillars", *(list(map(part, half)) for half in halves),
                   references={"scan0": {"pillar_features": (features, used)}}, classes=through_backbone)
        yield Case("lidar/pillarseg_bev128_backbone.onnx", "bev", *(list(map(bird, half)) for half in halves),
                   references=logits, classes=direct)
