"""The language models of the asset folder: what they take, and how a text goes through them."""
import numpy as np


def sentences(folder, name):
    """Token ids `[1, T]`, label and reference embedding of each sentence of a part of SST-2."""
    data = np.load(folder / f"sst2_{name}.npz")
    ids = [data["ids"][a:b].astype(np.int64)[None] for a, b in zip(data["offsets"], data["offsets"][1:])]
    return list(zip(ids, data["label"].astype(bool), data["ref_embedding"].astype(np.float32)))


def feeds(ids):
    """MiniLM's inputs for token ids that are all there."""
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def tell(model, tokens, count, random=None):
    """Feeds tokens one by one, the cache in the session, and continues to `count` of them, greedily or drawn at temperature 1.

    Returns the tokens and the logits after each but the last."""
    model.reset()
    tokens, logits = list(tokens), []
    for position in range(count - 1):
        row = model.run({"token": np.int64([tokens[position]]), "position": np.int64([position])})["logits"][0]
        logits.append(row)
        if position + 1 == len(tokens):
            tokens.append(int(np.argmax(row + random.gumbel(size=len(row)) if random else row)))
    return np.array(tokens), np.array(logits)


def likelihood(logits, tokens):
    """Natural logarithm of the probability of each token."""
    logits = logits.astype(np.float64)
    logits -= logits.max(-1, keepdims=True)
    return logits[np.arange(len(tokens)), tokens] - np.log(np.exp(logits).sum(-1))


def error(found, reference):
    """Largest difference over the reference's range; NaN when something is no number."""
    return float(np.abs(found - reference).max() / np.ptp(reference))
