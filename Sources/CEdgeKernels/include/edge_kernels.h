/*
 * edge_kernels.h: micro-kernels behind one table, chosen once by CPU features.
 *
 * Contract of every kernel
 *   - Pointers, counts and one const parameter struct; no allocation, no globals, no errors. Arguments are
 *     validated by the caller.
 *   - The scalar table is the definition. Every other table equals it bit for bit, in INT8 and in float:
 *     integer sums are exact; float kernels use one operation order, explicit fused multiply-add where this
 *     header says so and nowhere else (-ffp-contract=off), see docs/numerics.md. A NaN that a float kernel
 *     computes is always 0x7fc00000, since CPUs differ in the sign and payload they choose.
 *   - Activations are int8 (signed, asymmetric) or float, NHWC. They may be over-read by up to
 *     EDGE_OVERREAD bytes past the end of a tensor; never written past.
 *   - Work that can be split is counted in `units`; a kernel runs units [begin, end) and any split gives the
 *     same bytes. `scratch` is per thread, 64-byte aligned, of the size that the *_scratch function returns.
 */
#ifndef EDGE_KERNELS_H
#define EDGE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that kernels may read (never write) past the end of an activation or weight tensor. */
#define EDGE_OVERREAD 64

/* ---- epilogue ---------------------------------------------------------------------------------------- */

/*
 * What happens to an accumulator, in this order, each step one IEEE-754 binary32 operation:
 *   v = float(acc) * multiplier[n]            (int8)     |  v = acc (bias is where the sum starts)  (float)
 *   v = v < 0 ? v * slope : v                 when slope != 1
 *   v = v + float(r - residual_zero) * residual_multiplier   when residual != NULL   | v = v + r   (float)
 *   int8 output:  q = clamp(rne(v) + zero, low, high);  q = table ? table[q + 128] : q
 *   float output: v = max(low_f, min(high_f, v))        (NaN stays NaN)
 * rne rounds to nearest, ties to even; v is first clamped to +-2^30 so that the conversion is defined.
 * In int8 kernels a NaN (only multipliers that are not finite make one) counts as above high; low <= high,
 * both within int8. Of two equal zeros the float clamps keep v's own sign. A residual may be over-read.
 */
typedef struct edge_epilogue {
  const int32_t *bias;      /* [N16] int8: b/(sx*sw) - zx*sum(w), rounded (numerics.md) */
  const int32_t *bias_u8;   /* [N16] bias - 128*sum(w): for kernels that flip activations to unsigned */
  const float *multiplier;  /* [N16] int8: sx*sw/sy, or sx*sw when the output is float */
  const float *bias_f;      /* [N16] float kernels */
  const void *residual;     /* NULL, or a tensor shaped like the output, of the output's type */
  float residual_multiplier;
  int32_t residual_zero;
  float slope;              /* negative slope of a LeakyReLU; 1: none */
  int32_t output_float;     /* int8 kernels: 1 stores float */
  int32_t zero, low, high;  /* int8 output */
  float low_f, high_f;      /* float output */
  const int8_t *table;      /* NULL or 256 entries */
} edge_epilogue;

/* ---- convolution and fully connected ----------------------------------------------------------------- */

/*
 * Blocks that are kept of a weight matrix: 4 neighbours in K, one dword of [K/4], times n outputs; all else is 0. With it
 * `weights` are the blocks' values [blocks][n][4]. A band is n outputs; N = out_c rounded up to 16 has N/n of them. Blocks
 * of a band follow each other by column, bands by output.
 */
typedef struct edge_sparse {
  int32_t outputs;         /* n of a block: 1, 2 or 4; 0: weights are dense */
  const uint32_t *starts;  /* [N/n + 1] first block of every band, and their number */
  const uint16_t *columns; /* [blocks] dword of K/4, ascending in a band */
} edge_sparse;

/* Whether starts of `bands` bands and columns below `k4` describe `blocks` blocks. */
int32_t edge_sparse_is_valid(const edge_sparse *p, int64_t bands, int64_t blocks, int32_t k4);

/*
 * One group of a 2-D convolution, NHWC. A fully connected layer over M rows is in_h = out_h = 1,
 * in_w = out_w = M with a 1x1 kernel. Output pixel (n, oy, ox) channel m reads
 *   input[n][oy*stride_h + ky*dilation_h - pad_top][ox*stride_w + kx*dilation_w - pad_left][c].
 * Padding inserts input_zero (int8) or 0 (float). Bottom and right pads follow from out_h, out_w. Products
 * batch*out_h*out_w, out*stride + kernel*dilation and a line's bytes fit int32.
 *
 * int8 weights: [N/16][K/4][16][4], N = out_c rounded up to 16 with zeros, K the concatenation of *segments*,
 * each padded with zeros to a multiple of 4. A segment is what is contiguous in one input row:
 *   dilation_w == 1: kernel_h segments of kernel_w*in_c bytes   (ky; then kx, c)
 *   dilation_w  > 1: kernel_h*kernel_w segments of in_c bytes   (ky, kx; then c)
 * but when in_stride != in_c (grouped convolution) always the second form. edge_conv_k4 gives K/4.
 * float weights: [N/16][K][16], K = (ky, kx, c), no padding of K. A sum starts at bias_f and takes every k in
 * order, acc = fma(x, w, acc); padded taps take part with x = 0.
 */
typedef struct edge_conv {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t in_stride;   /* elements from one input pixel to the next: in_c times the number of groups */
  int32_t out_h, out_w, out_c;
  int32_t out_stride;  /* elements from one output pixel to the next (residual likewise) */
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int32_t input_zero;
  const void *weights;
  edge_epilogue epilogue;
  edge_sparse sparse;  /* int8 only */
} edge_conv;

/* Groups of 4 in K of the packed int8 weights. */
int32_t edge_conv_k4(const edge_conv *p);
/* Bytes of scratch per thread; equal on every ISA, independent of pointers. */
size_t edge_conv_scratch_s8(const edge_conv *p);
/* Grows with the batch and the image: smaller ones never need more. */
size_t edge_conv_scratch_f32(const edge_conv *p);
/* What edge_conv_scratch_s8 is at most for this and any smaller batch and image. */
size_t edge_conv_scratch_limit_s8(const edge_conv *p);
/* Independent units of work of conv_s8 and of conv_f32; equal on every ISA. */
int32_t edge_conv_units(const edge_conv *p);
int32_t edge_conv_units_f32(const edge_conv *p);

/*
 * Depthwise convolution, out_c == in_c, one filter a channel; edge_conv describes it with in_c = out_c = C.
 * int8 weights: [C/16][kernel_w][ceil(kernel_h/4)][16][4]: four vertical taps side by side, zero padded.
 * float weights: [C/16][kernel_h*kernel_w][16]. Sums run over taps (ky, kx) in order (float: fma).
 */
size_t edge_depthwise_scratch_s8(const edge_conv *p);
size_t edge_depthwise_scratch_f32(const edge_conv *p);
int32_t edge_depthwise_units(const edge_conv *p);
int32_t edge_depthwise_units_f32(const edge_conv *p);

/* ---- pooling, resize --------------------------------------------------------------------------------- */

typedef struct edge_pool {
  int32_t batch, in_h, in_w, channels, out_h, out_w;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int32_t count_include_pad;       /* average: divide by kernel_h*kernel_w always */
  /* int8 average: q = clamp(rne(float(sum - count*in_zero) * (ratio / count)) + out_zero, -128, 127);
   * ratio / count is one float division. Float average: taps added in order (ky, kx) from 0, then divided by
   * float(count). Max pools ignore padding (a window without a valid tap gives -128 or -infinity; NaN wins). */
  float ratio;                     /* sx/sy */
  int32_t in_zero, out_zero;
} edge_pool;

typedef struct edge_resize {
  int32_t batch, in_h, in_w, channels, out_h, out_w;
  /* Source position of each output row and column, computed by the converter: for nearest, index0;
   * for linear, index0, index1 and the weight of index1 (0..1). */
  const int32_t *row0, *row1, *col0, *col1;   /* [out_h], [out_w] */
  const float *row_weight, *col_weight;
  /* linear, no fma: top = x00 * (1 - cw) + x01 * cw, bottom likewise, y = top * (1 - rw) + bottom * rw.
   * int8 linear: the same on float(q - in_zero), then rne, + in_zero, clamped; one scale and zero for both. */
  int32_t in_zero;
} edge_resize;

/* ---- samples at places that data gives ------------------------------------------------------------------ */

/* Axes are at most this long. */
#define EDGE_SAMPLE_LIMIT 4194304.0f

enum { EDGE_SAMPLE_NEAREST = 0, EDGE_SAMPLE_LINEAR = 1, EDGE_SAMPLE_CUBIC = 2 };
enum { EDGE_SAMPLE_ZEROS = 0, EDGE_SAMPLE_BORDER = 1, EDGE_SAMPLE_REFLECTION = 2 };
/* What -1 and 1 are: the outer edges of the first and last element, their centres, or just numbers of elements. */
enum { EDGE_SAMPLE_HALF_PIXELS = 0, EDGE_SAMPLE_CORNERS = 1, EDGE_SAMPLE_PIXELS = 2 };

/* x [images][size 0][size 1][size 2][channels], two axes with size 0 = 1; grid [points][rank], the last axis first. */
typedef struct edge_grid_sample {
  int32_t rank;                    /* 2 or 3 */
  int32_t size[3], channels;
  int64_t points;                  /* per image */
  int32_t mode, padding, coordinates;
} edge_grid_sample;

/* y [points][channels]: weighted sums of 1, 2 or 4 elements along each axis, added in order, no fma; the weight of
 * an element is the product of its axes', outermost first. Runs points [begin, end) of all images. */
void edge_grid_sample_f32(const edge_grid_sample *p, const float *x, const float *grid, float *y, int64_t begin,
                          int64_t end);

typedef struct edge_roi_align {
  int32_t in_h, in_w, channels, out_h, out_w;
  int32_t samples;                 /* along each axis of a bin; 0: its size in pixels, at most the image's and one */
  int32_t is_max;                  /* the largest weighted corner of all samples, as ONNX has it; else their mean */
  float scale, offset;             /* from a region's coordinates to pixels; offset 0 makes regions 1 large at least */
} edge_roi_align;

/* One region (x0, y0, x1, y1) of an image [in_h][in_w][channels] as y [out_h][out_w][channels]. */
void edge_roi_align_f32(const edge_roi_align *p, const float *image, const float *region, float *y);

/* ---- elementwise, reductions, matrices ---------------------------------------------------------------- */

/*
 * Float unary functions; our own polynomials, identical on every machine, error bounds in docs/numerics.md.
 * LEAKY_RELU and ELU take alpha; CLIP clamps to [alpha, beta]; HARD_SIGMOID is clamp(alpha * x + beta, 0, 1);
 * HARD_SWISH is x * clamp(x * (1/6) + 0.5, 0, 1); GELU is the erf form; ROUND takes ties to even; SIGN is -1, 0 or 1. Others ignore
 * alpha and beta. NaN gives NaN.
 */
enum {
  EDGE_UNARY_RELU = 1, EDGE_UNARY_LEAKY_RELU = 2, EDGE_UNARY_CLIP = 3, EDGE_UNARY_SIGMOID = 4,
  EDGE_UNARY_HARD_SIGMOID = 5, EDGE_UNARY_HARD_SWISH = 6, EDGE_UNARY_TANH = 7, EDGE_UNARY_EXP = 8,
  EDGE_UNARY_LOG = 9, EDGE_UNARY_SQRT = 10, EDGE_UNARY_ABS = 11, EDGE_UNARY_NEG = 12,
  EDGE_UNARY_RECIPROCAL = 13, EDGE_UNARY_ERF = 14, EDGE_UNARY_FLOOR = 15, EDGE_UNARY_CEIL = 16,
  EDGE_UNARY_ROUND = 17, EDGE_UNARY_SOFTPLUS = 18, EDGE_UNARY_ELU = 19, EDGE_UNARY_SILU = 20,
  EDGE_UNARY_GELU = 21, EDGE_UNARY_SIN = 22, EDGE_UNARY_COS = 23, EDGE_UNARY_ATAN = 24, EDGE_UNARY_SIGN = 25,
};
enum {
  EDGE_BINARY_ADD = 1, EDGE_BINARY_SUB = 2, EDGE_BINARY_MUL = 3, EDGE_BINARY_DIV = 4,
  EDGE_BINARY_MIN = 5, EDGE_BINARY_MAX = 6, EDGE_BINARY_POW = 7, EDGE_BINARY_MOD = 8, EDGE_BINARY_FMOD = 9,
  EDGE_BINARY_AND = 10, EDGE_BINARY_OR = 11, EDGE_BINARY_XOR = 12, EDGE_BINARY_SHIFT_LEFT = 13,
  EDGE_BINARY_SHIFT_RIGHT = 14,
};
/*
 * MIN and MAX give NaN when either side is NaN, else a < b ? a : b and a > b ? a : b. POW and FMOD as in C; MOD has the
 * sign of b. Those from AND on are for integers, which wrap; there a division by 0 gives 0, POW of a negative exponent
 * is cut towards zero, and a shift by fewer than 0 or by all bits shifts every bit out (SHIFT_RIGHT repeats the sign).
 */
enum {
  EDGE_COMPARE_EQUAL = 1, EDGE_COMPARE_NOT_EQUAL = 2, EDGE_COMPARE_LESS = 3, EDGE_COMPARE_LESS_OR_EQUAL = 4,
};
enum {
  EDGE_REDUCE_SUM = 1, EDGE_REDUCE_MEAN = 2, EDGE_REDUCE_MAX = 3, EDGE_REDUCE_MIN = 4,
  EDGE_REDUCE_SUM_SQUARE = 5, EDGE_REDUCE_PROD = 6,
};

/* int8 ADD, SUB: q = clamp(rne(float(a-za)*ma + float(b-zb)*mb) + zero, low, high), SUB passes mb negated.
 * MUL: q = clamp(rne(float((a-za)*(b-zb)) * ma) + zero, low, high). */
typedef struct edge_binary_s8 {
  int32_t a_zero, b_zero, zero, low, high;
  float a_multiplier, b_multiplier;
} edge_binary_s8;

/* Rows of n: v = x - sum(x) / n when centred, else x; y = v / sqrt(sum(v * v) / n + epsilon), times scale[i], plus shift[i].
 * Sums as in reduce_f32, every step rounded: what the steps give as operators of their own. */
typedef struct edge_normalize {
  int64_t n;
  float epsilon;
  int32_t is_centred;
  const float *scale, *shift;      /* [n] or NULL */
} edge_normalize;

/* C[m][n] = sum over k, in order, of fma(A[m*a_row + k*a_col], B[k*b_row + n*b_col], .), starting at 0. */
typedef struct edge_matmul_f32 {
  int32_t m, n, k;
  int64_t a_row, a_col, b_row, b_col, c_row;  /* strides in elements; C's columns are contiguous */
} edge_matmul_f32;
size_t edge_matmul_scratch_f32(const edge_matmul_f32 *p);

/* ---- attention --------------------------------------------------------------------------------------- */

/* One head: y = softmax(q k' * scale + mask) v, of `rows` queries over `keys` keys and values. */
typedef struct edge_attention {
  int32_t rows, keys;
  int32_t size, value_size;        /* elements of a query or key, of a value */
  int64_t q_row, k_row, v_row, y_row, mask_row;   /* elements from one row to the next; a row's are neighbours */
  float scale;
  /* 0: as matmul_f32, MUL by the scale unless that is 1, ADD of the mask, softmax_f32 and matmul_f32 do.
   * 1: products of int8 codes: of each query and key by code_rows, of values by code_columns, of weights by softmax_codes;
   *    score = float(acc) * step[key], factor = step[query] * scale, y = float(acc) * step[column] * (1 / sum of the codes). */
  int32_t is_s8;
} edge_attention;

/* ---- layers of float activations and int8 weights ------------------------------------------------------- */

/*
 * y = function(x W' + bias) + residual over rows of float activations, which become codes row by row (code_ranges):
 *   x[k] * factor[k] is about low + step * u[k] with u in 0...255, so the sum over k of its product with w[k] = multiplier * q[k] is
 *   t * step + low * offset, where t = float(sum of u[k] * q[k]) * multiplier and offset = multiplier * (sum of q[k]).
 * Every step is one float operation: t as conv_s8 gives it, finish_rows, unary_f32, ADD.
 */
typedef struct edge_linear {
  int32_t rows, inputs, outputs;
  const int8_t *weights;           /* packed as of edge_conv */
  edge_sparse sparse;
  const float *factor;             /* [inputs] or NULL */
  const int32_t *sum128;           /* [outputs16] 128 * sum of q */
  const float *multiplier, *offset, *bias;   /* [outputs16] */
  int32_t function;                /* an EDGE_UNARY_* code; 0: none */
  float alpha, beta;
} edge_linear;
/* ---- recurrence ----------------------------------------------------------------------------------------- */

enum { EDGE_CELL_LSTM = 1, EDGE_CELL_GRU = 2 };

/*
 * One vector times int8 weights [n/16][ceil(k/4)][16][4]: y[i] = float(sum over j of w[i][j] * q[j]) * (scale[i] * step)
 * + bias[i], no fma, where x is about q * step with 16-bit codes: with L = edge_product_limit_s16(k) and m = max |x|,
 * step = m / L and q = rne(x * (L / m)); for m below 2^-100 both are 0, and one x that is infinite or NaN makes all y
 * NaN. Sums are exact.
 */
typedef struct edge_product_s16 {
  int32_t n, k;                    /* n a multiple of 16 */
  const int8_t *weights;
  const float *scale, *bias;       /* [n] */
} edge_product_s16;
int32_t edge_product_limit_s16(int32_t k);

/* ---- the table ----------------------------------------------------------------------------------------- */

typedef struct edge_kernels {
  const char *isa;               /* "scalar", "avx2", "avx512vnni", "neon", "neondot" */
  const char *conv_s8_name, *sparse_s8_name, *depthwise_s8_name, *conv_f32_name, *depthwise_f32_name;

  void (*conv_s8)(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin, int32_t end);
  void (*conv_f32)(const edge_conv *p, const float *x, float *y, void *scratch, int32_t begin, int32_t end);
  void (*depthwise_s8)(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin, int32_t end);
  void (*depthwise_f32)(const edge_conv *p, const float *x, float *y, void *scratch, int32_t begin, int32_t end);
  void (*matmul_f32)(const edge_matmul_f32 *p, const float *a, const float *b, float *c, void *scratch,
                     int32_t row_begin, int32_t row_end);

  /* Pools and resizes run output rows [begin, end) of batch*out_h. */
  void (*max_pool_s8)(const edge_pool *p, const int8_t *x, int8_t *y, int32_t begin, int32_t end);
  void (*max_pool_f32)(const edge_pool *p, const float *x, float *y, int32_t begin, int32_t end);
  void (*average_pool_s8)(const edge_pool *p, const int8_t *x, int8_t *y, int32_t begin, int32_t end);
  void (*average_pool_f32)(const edge_pool *p, const float *x, float *y, int32_t begin, int32_t end);
  void (*resize_nearest)(const edge_resize *p, const void *x, void *y, int32_t element_bytes, int32_t begin, int32_t end);
  void (*resize_linear_s8)(const edge_resize *p, const int8_t *x, int8_t *y, int32_t begin, int32_t end);
  void (*resize_linear_f32)(const edge_resize *p, const float *x, float *y, int32_t begin, int32_t end);

  /* Elementwise over n contiguous elements; in place (y == x) allowed. Steps are 0 (one value for all) or 1. */
  void (*lut_s8)(const int8_t *x, int8_t *y, int64_t n, const int8_t table[256]); /* y = table[x + 128] */
  void (*unary_f32)(int32_t kind, const float *x, float *y, int64_t n, float alpha, float beta);
  void (*binary_f32)(int32_t kind, const float *a, int32_t a_step, const float *b, int32_t b_step, float *y, int64_t n);
  void (*binary_s8)(int32_t kind, const edge_binary_s8 *p, const int8_t *a, int32_t a_step, const int8_t *b,
                    int32_t b_step, int8_t *y, int64_t n);
  /* q = clamp(rne(x / scale) + zero, -128, 127), the quotient rounded to float; NaN gives zero. */
  void (*quantize_s8)(const float *x, int8_t *y, int64_t n, float scale, int32_t zero);
  void (*dequantize_s8)(const int8_t *x, float *y, int64_t n, float scale, int32_t zero); /* (q - zero) * scale */

  /* Reduction of x[outer][n][inner] over n. inner == 1: 8 lanes of partial sums (lane = index mod 8), then the
   * tree 4, 2, 1 (lane l takes lane l + step); inner > 1: in order of n. Sums start at 0, MAX at -infinity,
   * MIN at +infinity; NaN wins; of equals the first is kept. Mean divides by float(n). SUM_SQUARE adds x * x without fma.
   * All kinds but PROD. */
  void (*reduce_f32)(int32_t kind, const float *x, float *y, int64_t outer, int64_t n, int64_t inner);
  /* int8 over n. MEAN: q = clamp(rne(float(sum - n*in_zero) * (ratio / n)) + out_zero, -128, 127); MAX and MIN:
   * the code itself (-128 and 127 of nothing). No other kinds. */
  void (*reduce_s8)(int32_t kind, const int8_t *x, int8_t *y, int64_t outer, int64_t n, int64_t inner, float ratio,
                    int32_t in_zero, int32_t out_zero);
  /* Softmax over the last axis of x[rows][n]: exp(x - max) times 1 / sum (8 lanes, tree). */
  void (*softmax_f32)(const float *x, float *y, int64_t rows, int64_t n);
  /* y == x allowed. */
  void (*normalize_f32)(const edge_normalize *p, const float *x, float *y, int64_t rows);

  /* Symmetric codes of rows of n: step = largest |x| / 127, code = clamp(rne(x * (127 / largest)), -127, 127), 0 where the
   * largest is 0; NaN is not the largest and gets -127. Bytes from n to row_bytes become 0; sum adds up a row's codes. */
  void (*code_rows)(const float *x, int64_t x_row, int8_t *codes, int64_t row_bytes, float *step, int32_t *sum,
                    int32_t rows, int32_t n);
  /* The same for columns of x[rows][n], as weights of a layer with an output for each column: packed [n/16][rows/4][16][4],
   * zeros where there is no row or column; step and sum in 16s. */
  void (*code_columns)(const float *x, int64_t x_row, int8_t *packed, float *step, int32_t *sum, int32_t rows, int32_t n);
  /* x = x * factor, then + mask unless NULL; code = rne(exp(x - max) * 255) - 128, of NaN -128. Returns the sum of code + 128. */
  int32_t (*softmax_codes)(float *x, const float *mask, int8_t *codes, int32_t n, float factor);

  /* Codes of rows of n by their range: v = x * factor, or x; low and high are the least and the largest v, NaN apart (0 of none), step
   * = (high - low) / 255, code = clamp(rne((v - low) * (255 / (high - low))), 0, 255) - 128, -128 where high is low; NaN gets -128.
   * Bytes from n to row_bytes are as of v = 0. */
  void (*code_ranges)(const float *x, int64_t x_row, const float *factor, int8_t *codes, int64_t row_bytes, float *low,
                      float *step, int32_t rows, int32_t n);
  /* y = (sums * step[row] + low[row] * offset) + bias, no fma; sums, offset and bias are read in 16s. */
  void (*finish_rows)(const float *sums, int64_t sums_row, float *y, int64_t y_row, const float *low, const float *step,
                      const float *offset, const float *bias, int32_t rows, int32_t n);
  /* What follows the products of a step of n units, with the sigmoid and tanh of unary_f32 and no fma. Gates are at x + g * n
   * (what inputs give) and z + g * z_gate (what states give), in ONNX's order. LSTM, with v = z + x: c = c * sigmoid(f)
   * + tanh(c gate) * sigmoid(i), h = tanh(c) * sigmoid(o). GRU: h = h * u + tanh(z[2] * sigmoid(z[1] + x[1]) + x[2]) *
   * (1 - u), u = sigmoid(z[0] + x[0]); it has no c. */
  void (*cell_f32)(int32_t kind, const float *x, const float *z, int64_t z_gate, float *c, float *h, int64_t n);
  /* room: k codes, rounded up to 4. */
  void (*product_s16)(const edge_product_s16 *p, const float *x, float *y, int16_t *room);
} edge_kernels;

/* The best table for this CPU; of a library for one ISA its only table. Reads CPU features; thread-safe. */
const edge_kernels *edge_kernels_select(void);
/* Whether this CPU has what the table's kernels need. */
int32_t edge_kernels_can_run(const edge_kernels *kernels);
/* The table of this name, or NULL when it is not built in or this CPU cannot run it. For tests. */
const edge_kernels *edge_kernels_named(const char *isa);

/* Computes one head with a table's kernels; scratch of edge_attention_scratch bytes, which grows with every size. mask: NULL or a
 * row for each query. y is neither of the operands. received: NULL, or the sum over the queries, in order, of each key's weights:
 * those of softmax_f32, or with is_s8 float(code + 128) * (1 / sum of the codes). */
void edge_attention_head(const edge_kernels *kernels, const edge_attention *p, const float *q, const float *k, const float *v,
                         const float *mask, float *y, float *received, void *scratch);
size_t edge_attention_scratch(const edge_attention *p);

/* Computes channels [64 * begin, 64 * end) of all rows with a table's kernels; residual NULL or shaped like y. Scratch of
 * edge_linear_scratch bytes, which grows with the rows. */
void edge_linear_run(const edge_kernels *kernels, const edge_linear *p, const float *x, float *y, const float *residual,
                     void *scratch, int32_t begin, int32_t end);
size_t edge_linear_scratch(const edge_linear *p);
int32_t edge_linear_units(const edge_linear *p);

/* Whether this build of the library has the operator `code` for an int8 first operand, or for another. */
int32_t edge_operator_set_has(int32_t code, int32_t is_s8);

/* Strided copy: y is dense [dims], x is read at sum(index[i] * x_stride[i]) elements. rank 1..8, any stride sign. */
void edge_copy_strided(const void *x, void *y, int32_t element_bytes, int32_t rank, const int64_t *dims,
                       const int64_t *x_stride);
/*
 * Integer types, with the codes of edgert.h. Elements are widened to 64 bits, a bool to 0 or 1, and results wrap; steps
 * are 0 or 1. y may lie on an operand of step 1. n comparisons give bytes 0 or 1.
 */
enum {
  EDGE_INTEGER_S8 = 3, EDGE_INTEGER_U8 = 4, EDGE_INTEGER_S16 = 5, EDGE_INTEGER_S32 = 6, EDGE_INTEGER_S64 = 7,
  EDGE_INTEGER_BOOL = 8,
};
void edge_integer_binary(int32_t kind, int32_t type, const void *a, int32_t a_step, const void *b, int32_t b_step,
                         void *y, int64_t n);
void edge_integer_compare(int32_t kind, int32_t type, const void *a, int32_t a_step, const void *b, int32_t b_step,
                          uint8_t *y, int64_t n);
void edge_f32_compare(int32_t kind, const float *a, int32_t a_step, const float *b, int32_t b_step, uint8_t *y,
                      int64_t n);
/* y = condition ? a : b of elements of 1, 2, 4 or 8 bytes; steps are 0 or 1. y may lie on a or b where their step is 1. */
void edge_select(int32_t element_bytes, const uint8_t *condition, int32_t condition_step, const void *a, int32_t a_step,
                 const void *b, int32_t b_step, void *y, int64_t n);
/* Fills n elements of element_bytes (1, 2, 4, 8) with the value at `value`. */
void edge_fill(void *y, int64_t n, int32_t element_bytes, const void *value);

/* Reduction of x[outer][n][inner] over n in order, all kinds but MEAN; sums and products wrap. */
void edge_reduce_s64(int32_t kind, const int64_t *x, int64_t *y, int64_t outer, int64_t n, int64_t inner);
/* The product over n in order, from 1. */
void edge_product_f32(const float *x, float *y, int64_t outer, int64_t n, int64_t inner);
/* Position along n, 1 or more, of the largest (MAX) or least (MIN) element, the first or last of equals; NaN wins. */
void edge_arg_f32(int32_t kind, int32_t is_last, const float *x, int64_t *y, int64_t outer, int64_t n, int64_t inner);
void edge_arg_s8(int32_t kind, int32_t is_last, const int8_t *x, int64_t *y, int64_t outer, int64_t n, int64_t inner);
void edge_arg_s64(int32_t kind, int32_t is_last, const int64_t *x, int64_t *y, int64_t outer, int64_t n, int64_t inner);

/* Real DFT of n samples (n factors in 2, 3, 5, 7): out[0..n/2] complex interleaved. twiddles[n] complex:
 * exp(-2*pi*i*k/n), computed by the converter. work: 4*n floats. Fixed operation order, no fma. */
void edge_rfft_f32(const float *x, float *out, int32_t n, const float *twiddles, float *work);

/* Forward DFT of n samples, `parts` (1: real, 2: complex) floats each: out has n complex bins; else as edge_rfft_f32. */
void edge_fft_f32(const float *x, int32_t parts, float *out, int32_t n, const float *twiddles, float *work);

#ifdef __cplusplus
}
#endif
#endif /* EDGE_KERNELS_H */
