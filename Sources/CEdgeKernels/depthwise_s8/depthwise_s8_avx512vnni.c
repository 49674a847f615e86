#include "depthwise_s8.h"

#if defined(__x86_64__)
#include "../conv_s8/epilogue_s8_avx512.h"

#include <string.h>

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#define VECTOR_BYTES 64
#define NAME(name) name##_zmm
#define OP(name) _mm512_##name
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define vector_i __m512i
#define vector_f __m512
#define vector_mask __mmask64
#include "depthwise_s8_vnni.inc.h"
#undef VECTOR_BYTES
#undef NAME
#undef OP
#undef LOAD
#undef STORE
#undef vector_i
#undef vector_f
#undef vector_mask

#define VECTOR_BYTES 32
#define NAME(name) name##_ymm
#define OP(name) _mm256_##name
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define vector_i __m256i
#define vector_f __m256
#define vector_mask __mmask32
#include "depthwise_s8_vnni.inc.h"

void edge_s8_depthwise__avx512vnni(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                                   int32_t begin, int32_t end) {
  depthwise_s8_scratch s = edge_depthwise_s8_carve(p, scratch);
  for (int32_t unit = begin; unit < end; ++unit) {
    depthwise_s8_unit u = edge_depthwise_s8_unit(p, unit);
    if (u.channel_end - u.channel_begin > 32)
      unit_zmm(p, x, y, &s, &u);
    else
      unit_ymm(p, x, y, &s, &u);
  }
}

#pragma clang attribute pop
#endif
