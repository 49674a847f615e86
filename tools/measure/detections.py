"""From raw detector outputs to boxes, and from two sets of boxes to matches."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def overlap(box, boxes):
    """Intersection over union of one box with many; columns x1 y1 x2 y2."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:4], boxes[:, 2:4])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    return shared / (np.prod(box[2:4] - box[:2]) + areas - shared + 1e-12)


def suppress(rows, limit):
    """Keeps the best of boxes of one class that overlap by more than `limit`; rows x1 y1 x2 y2 score class."""
    kept = []
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    while len(rows):
        best, rows = rows[0], rows[1:]
        kept.append(best)
        rows = rows[(overlap(best, rows) <= limit) | (rows[:, 5] != best[5])]
    return np.array(kept).reshape(-1, 6)


def rows_of(centre, size, score, label):
    return np.column_stack([centre - size / 2, centre + size / 2, score, label])


def ultraface(outputs):
    scores, boxes = (outputs[name][0] for name in ("scores", "boxes"))
    grids = ((8, 40, 30, (10, 16, 24)), (16, 20, 15, (32, 48)), (32, 10, 8, (64, 96)), (64, 5, 4, (128, 192, 256)))
    priors = np.clip([
        ((x + .5) * stride / 320, (y + .5) * stride / 240, side / 320, side / 240)
        for stride, width, height, sides in grids for y in range(height) for x in range(width) for side in sides], 0, 1)
    rows = rows_of(priors[:, :2] + .1 * boxes[:, :2] * priors[:, 2:], priors[:, 2:] * np.exp(.2 * boxes[:, 2:]),
                   scores[:, 1], np.zeros(len(scores)))
    return suppress(rows[rows[:, 4] > .6], .3)


def fastestdet(outputs):
    cells = outputs["output"][0]
    height, width = cells.shape[1:]
    y, x = (grid.ravel() for grid in np.mgrid[:height, :width])
    flat = cells.reshape(len(cells), -1)
    centre = np.column_stack([(x + np.tanh(flat[1])) / width, (y + np.tanh(flat[2])) / height])
    score = np.clip(flat[0], 0, None) ** .6 * np.clip(flat[5:].max(0), 0, None) ** .4
    rows = rows_of(centre, sigmoid(flat[3:5].T), score, flat[5:].argmax(0))
    return suppress(rows[rows[:, 4] > .3], .45)


def nanodet(outputs):
    found = []
    for stride in (8, 16, 32):
        scores, bins = outputs[f"cls{stride}"][0], outputs[f"reg{stride}"][0].reshape(-1, 4, 8)
        weights = np.exp(bins - bins.max(-1, keepdims=True))
        sides = (weights / weights.sum(-1, keepdims=True)) @ np.arange(8) * stride
        side = 320 // stride
        y, x = (grid.ravel() for grid in np.mgrid[:side, :side])
        centre = (np.column_stack([x, y]) + .5) * stride
        found.append(np.column_stack([
            (centre - sides[:, :2]) / 320, (centre + sides[:, 2:]) / 320, scores.max(1), scores.argmax(1)]))
    rows = np.concatenate(found)
    return suppress(rows[rows[:, 4] > .3], .6)


def matched(reference, found, least=.6):
    """Reference detections that are found again: same class, one to one, overlap of at least `least`."""
    free = np.ones(len(found), bool)
    count = 0
    for box in reference:
        fits = np.where(free & (found[:, 5] == box[5]), overlap(box, found), 0) if len(found) else np.zeros(0)
        if len(fits) and fits.max() >= least:
            free[fits.argmax()] = False
            count += 1
    return count
