"""Sentences with a sentiment label, as token ids in batches of about equal length."""

import numpy as np
import torch
from tokenizers import Tokenizer

LONGEST = 64


def read(path):
    """Texts and labels of a tab-separated file: `text<TAB>label`, or `label<TAB>text` under a header."""
    with open(path, encoding="utf8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if "\t" in line]
    if lines[0] == ["label", "sentence"]:
        lines = [line[::-1] for line in lines[1:]]
    return [text for text, _ in lines], np.array([int(label) for _, label in lines])


def letters(text):
    """What is left of a text without case, spaces and punctuation: equal texts compare equal."""
    return "".join(c for c in text.lower() if c.isalnum())


def training_set(paths, held_out):
    """Texts and labels of several files, each text once, without those of the held-out files."""
    seen = {letters(text) for path in held_out for text in read(path)[0]}
    texts, labels = [], []
    for path in paths:
        for text, label in zip(*read(path)):
            if letters(text) not in seen:
                seen.add(letters(text))
                texts.append(text)
                labels.append(label)
    return texts, np.array(labels)


def tokenize(texts, tokenizer):
    """Token ids of each text with [CLS] and [SEP], at most LONGEST."""
    pieces = Tokenizer.from_file(str(tokenizer))
    pieces.no_padding()
    pieces.enable_truncation(LONGEST)
    return [encoding.ids for encoding in pieces.encode_batch(texts)]


def batches(ids, size, random=None):
    """Yields (indices, ids [B, T], mask [B, T]); with a generator in random order, else by length."""
    lengths = np.array([len(tokens) for tokens in ids], float)
    if random is not None:
        lengths += random.uniform(0, 2, len(ids))
    order = np.argsort(lengths, kind="stable")
    chunks = [order[start:start + size] for start in range(0, len(ids), size)]
    if random is not None:
        random.shuffle(chunks)
    for chunk in chunks:
        longest = max(len(ids[i]) for i in chunk)
        tokens = np.zeros((len(chunk), longest), np.int64)
        mask = np.zeros((len(chunk), longest), np.float32)
        for row, i in enumerate(chunk):
            tokens[row, :len(ids[i])] = ids[i]
            mask[row, :len(ids[i])] = 1
        yield chunk, torch.from_numpy(tokens), torch.from_numpy(mask)
