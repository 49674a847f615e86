/* Code points as text preparation sees them. */
#include "edge_media.h"

struct range {
  uint32_t first, last;
};
struct shift {
  uint32_t first, last, step;
  int32_t distance;
};
struct expansion {
  uint32_t code, folded[EDGE_MEDIA_MAX_FOLDED];
};

#include "unicode_table.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int is_between(uint32_t code, uint32_t first, uint32_t last) {
  return code >= first && code <= last;
}

/* Binary search; the ranges are in order. */
static int is_in(const struct range *table, size_t count, uint32_t code) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (code > table[middle].last)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && code >= table[low].first;
}

/* The blocks of ideographs that BERT's tokenizer takes as words of their own. */
static int is_ideograph(uint32_t code) {
  return is_between(code, 0x3400, 0x4DBF) || is_between(code, 0x4E00, 0x9FFF) ||
         is_between(code, 0xF900, 0xFAFF) || is_between(code, 0x20000, 0x2A6DF) ||
         is_between(code, 0x2A700, 0x2B73F) || is_between(code, 0x2B740, 0x2B81F) ||
         is_between(code, 0x2B820, 0x2CEAF) || is_between(code, 0x2F800, 0x2FA1F);
}

int32_t edge_media_code_kind(uint32_t code) {
  if (code < 0x80) {
    if (code == ' ' || code == '\t' || code == '\n' || code == '\r') return EDGE_MEDIA_SPACE;
    if (code < ' ' || code == 0x7F) return EDGE_MEDIA_CONTROL;
    if (is_between(code, '0', '9') || is_between(code | 0x20, 'a', 'z')) return EDGE_MEDIA_WORD;
    return EDGE_MEDIA_PUNCTUATION;
  }
  if (is_ideograph(code)) return EDGE_MEDIA_IDEOGRAPH;
  if (is_in(spaces, COUNT(spaces), code)) return EDGE_MEDIA_SPACE;
  if (is_in(controls, COUNT(controls), code) || code == 0xFFFD) return EDGE_MEDIA_CONTROL;
  return is_in(punctuation, COUNT(punctuation), code) ? EDGE_MEDIA_PUNCTUATION : EDGE_MEDIA_WORD;
}

/* Unicode 3.12: a syllable is a leading consonant, a vowel and perhaps a trailing consonant. */
static int32_t split_hangul(uint32_t syllable, uint32_t folded[EDGE_MEDIA_MAX_FOLDED]) {
  folded[0] = 0x1100 + syllable / (21 * 28);
  folded[1] = 0x1161 + syllable / 28 % 21;
  folded[2] = 0x11A7 + syllable % 28;
  return folded[2] == 0x11A7 ? 2 : 3;
}

int32_t edge_media_code_fold(uint32_t code, uint32_t folded[EDGE_MEDIA_MAX_FOLDED]) {
  folded[0] = is_between(code, 'A', 'Z') ? code | 0x20 : code;
  if (code < 0x80) return 1;
  if (is_between(code, 0xAC00, 0xD7A3)) return split_hangul(code - 0xAC00, folded);
  if (is_in(dropped, COUNT(dropped), code)) return 0;
  size_t low = 0, high = COUNT(shifts);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (code > shifts[middle].last)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < COUNT(shifts) && code >= shifts[low].first &&
      (code - shifts[low].first) % shifts[low].step == 0) {
    folded[0] = (uint32_t)((int32_t)code + shifts[low].distance);
    return 1;
  }
  for (size_t i = 0; i < COUNT(expansions); i++) {
    if (expansions[i].code != code) continue;
    int32_t count = 0;
    while (count < EDGE_MEDIA_MAX_FOLDED && expansions[i].folded[count] != 0) {
      folded[count] = expansions[i].folded[count];
      count++;
    }
    return count;
  }
  return 1;
}
