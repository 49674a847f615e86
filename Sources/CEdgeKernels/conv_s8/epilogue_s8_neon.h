/* The epilogue of INT8 convolutions on 16 channels: epilogue_s8.h in vectors. */
#ifndef EDGE_EPILOGUE_S8_NEON_H
#define EDGE_EPILOGUE_S8_NEON_H

#include "../include/edge_kernels.h"
#include <arm_neon.h>
#include <string.h>

#define EDGE_UNROLL _Pragma("clang loop unroll(full)")

static inline int8x16_t epilogue_table_16(const int8_t *table, int8x16_t q) {
  uint8x16_t index = vreinterpretq_u8_s8(veorq_s8(q, vdupq_n_s8(-128)));
  int8x16_t v = vqtbl4q_s8(vld1q_s8_x4(table), index);
  EDGE_UNROLL for (int i = 1; i < 4; i++) {
    index = vsubq_u8(index, vdupq_n_u8(64));
    v = vqtbx4q_s8(v, vld1q_s8_x4(table + 64 * i), index);
  }
  return v;
}

static inline void epilogue_store_float_16(const edge_epilogue *e, float32x4_t v[4], float *output,
                                           int64_t index, int32_t channels) {
  float room[16] = {0};
  size_t bytes = (size_t)(channels < 16 ? channels : 16) * sizeof *room;
  if (e->residual)
    memcpy(room, (const float *)e->residual + index, bytes);
  float32x4_t low = vdupq_n_f32(e->low_f), high = vdupq_n_f32(e->high_f);
  EDGE_UNROLL for (int i = 0; i < 4; i++) {
    if (e->residual)
      v[i] = vaddq_f32(v[i], vld1q_f32(room + 4 * i));
    v[i] = vbslq_f32(vcgtq_f32(v[i], high), high, v[i]);
    v[i] = vbslq_f32(vcltq_f32(v[i], low), low, v[i]);
    vst1q_f32(room + 4 * i, v[i]);
  }
  memcpy(output + index, room, bytes);
}

static inline void epilogue_add_residual_16(const edge_epilogue *e, float32x4_t v[4],
                                            int64_t index) {
  int8x16_t r = vld1q_s8((const int8_t *)e->residual + index);
  int16x8_t half[2] = {vmovl_s8(vget_low_s8(r)), vmovl_high_s8(r)};
  int32x4_t zero = vdupq_n_s32(e->residual_zero);
  EDGE_UNROLL for (int i = 0; i < 4; i++) {
    int32x4_t part = i & 1 ? vmovl_high_s16(half[i / 2]) : vmovl_s16(vget_low_s16(half[i / 2]));
    float32x4_t f = vcvtq_f32_s32(vsubq_s32(part, zero));
    v[i] = vaddq_f32(v[i], vmulq_n_f32(f, e->residual_multiplier));
  }
}

/* The first `count` of 16 bytes. */
static inline void epilogue_store_bytes(int8_t *to, int8x16_t v, int32_t count) {
  if (count >= 16) {
    vst1q_s8(to, v);
    return;
  }
  for (int32_t part = 8; part > 0; part /= 2) {
    if (!(count & part))
      continue;
    uint64_t bits = vgetq_lane_u64(vreinterpretq_u64_s8(v), 0);
    memcpy(to, &bits, (size_t)part);
    to += part;
    v = part == 8   ? vextq_s8(v, v, 8)
        : part == 4 ? vextq_s8(v, v, 4)
                    : vextq_s8(v, v, 2);
  }
}

/* Held in registers, because stores of bytes may alias the epilogue. */
typedef struct epilogue_clamp {
  float32x4_t low, high; /* applied before rounding, which keeps order; a NaN becomes high */
  int8x16_t zero;
} epilogue_clamp;

static inline epilogue_clamp epilogue_clamp_of(const edge_epilogue *e) {
  epilogue_clamp c = {vdupq_n_f32((float)(e->low - e->zero)), vdupq_n_f32((float)(e->high - e->zero)),
                      vdupq_n_s8((int8_t)e->zero)};
  return c;
}

static inline __attribute__((always_inline)) int8x16_t epilogue_round_16(const float32x4_t v[4],
                                                                         epilogue_clamp c) {
  int32x4_t q[4];
  EDGE_UNROLL for (int i = 0; i < 4; i++) q[i] =
      vcvtnq_s32_f32(vmaxnmq_f32(vminnmq_f32(v[i], c.high), c.low));
  int8x16_t bytes = vuzp1q_s8(
      vreinterpretq_s8_s16(vuzp1q_s16(vreinterpretq_s16_s32(q[0]), vreinterpretq_s16_s32(q[1]))),
      vreinterpretq_s8_s16(vuzp1q_s16(vreinterpretq_s16_s32(q[2]), vreinterpretq_s16_s32(q[3]))));
  return vaddq_s8(bytes, c.zero);
}

/* Whether `channels` of sums are 16 that are scaled, rounded and clamped only. */
static inline int epilogue_is_plain(const edge_epilogue *e, int32_t channels) {
  return channels >= 16 && !e->output_float && !e->residual && !e->table && e->slope == 1.0f;
}

/* Any epilogue. sum includes the bias; stores min(channels, 16) elements. */
static __attribute__((noinline)) void epilogue_store_16(const edge_epilogue *e,
                                                        const int32x4_t sum[4], int32_t channel,
                                                        void *output, int64_t index,
                                                        int32_t channels) {
  float32x4_t v[4];
  EDGE_UNROLL for (int i = 0; i < 4; i++) v[i] =
      vmulq_f32(vcvtq_f32_s32(sum[i]), vld1q_f32(e->multiplier + channel + 4 * i));
  if (e->slope != 1.0f)
    EDGE_UNROLL for (int i = 0; i < 4; i++) v[i] =
        vbslq_f32(vcltzq_f32(v[i]), vmulq_n_f32(v[i], e->slope), v[i]);
  if (e->output_float) {
    epilogue_store_float_16(e, v, output, index, channels);
    return;
  }
  if (e->residual)
    epilogue_add_residual_16(e, v, index);
  int8x16_t bytes = epilogue_round_16(v, epilogue_clamp_of(e));
  if (e->table)
    bytes = epilogue_table_16(e->table, bytes);
  epilogue_store_bytes((int8_t *)output + index, bytes, channels);
}

/* Whether `channels` of sums are 16 that are scaled only, and stay float. */
static inline int epilogue_is_scale(const edge_epilogue *e, int32_t channels) {
  return channels >= 16 && e->output_float && !e->residual && e->slope == 1.0f &&
         e->low_f == -__builtin_inff() && e->high_f == __builtin_inff();
}

static inline __attribute__((always_inline)) void
epilogue_store_scaled_16(const int32x4_t sum[4], const float32x4_t multiplier[4], float *to) {
  EDGE_UNROLL for (int i = 0; i < 4; i++)
      vst1q_f32(to + 4 * i, vmulq_f32(vcvtq_f32_s32(sum[i]), multiplier[i]));
}

/* One row of sums of 16 channels. */
static inline __attribute__((always_inline)) void
epilogue_store_plain_16(const int32x4_t sum[4], const float32x4_t multiplier[4], epilogue_clamp clamp,
                        int8_t *to) {
  float32x4_t v[4];
  EDGE_UNROLL for (int i = 0; i < 4; i++) v[i] =
      vmulq_f32(vcvtq_f32_s32(sum[i]), multiplier[i]);
  vst1q_s8(to, epilogue_round_16(v, clamp));
}

#endif /* EDGE_EPILOGUE_S8_NEON_H */
