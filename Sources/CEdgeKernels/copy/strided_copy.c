#include "../include/edge_kernels.h"
#include <string.h>

/* dims and strides without dims of one and with axes joined where x runs on; the innermost is last.
 */
struct layout {
  int32_t rank;
  int64_t dims[8], stride[8];
};

static struct layout simplify(int32_t rank, const int64_t *dims, const int64_t *stride) {
  struct layout s = {0};
  for (int32_t i = 0; i < rank; i++) {
    if (dims[i] == 1)
      continue;
    if (s.rank > 0 && s.stride[s.rank - 1] == dims[i] * stride[i]) {
      s.dims[s.rank - 1] *= dims[i];
      s.stride[s.rank - 1] = stride[i];
      continue;
    }
    s.dims[s.rank] = dims[i];
    s.stride[s.rank++] = stride[i];
  }
  if (s.rank == 0) {
    s.rank = 1;
    s.dims[0] = 1;
    s.stride[0] = 1;
  }
  return s;
}

/* With few columns, or columns a few elements apart, a compiler knows the shuffles when the number
 * is a constant: `few` asks for them. */
#define EDGE_ZIP(n)                                                                                \
  for (int64_t r = 0; r < rows; r++)                                                               \
    _Pragma("clang loop unroll(full)") for (int64_t c = 0; c < n; c++)                             \
      out[r * n + c] = in[r + c * column_stride];
#define EDGE_UNZIP(n)                                                                              \
  for (int64_t r = 0; r < rows; r++)                                                               \
    for (int64_t c = 0; c < columns; c++)                                                          \
      out[r * columns + c] = in[r * row_stride + c * n];

#define EDGE_COPY_PLANE(name, type, few)                                                           \
  static void name(const char *x, char *y, int64_t rows, int64_t columns, int64_t row_stride,      \
                   int64_t column_stride) {                                                        \
    const type *restrict in = (const type *)x;                                                     \
    type *restrict out = (type *)y;                                                                \
    if (few && row_stride == 1 && columns == 2) {                                                  \
      EDGE_ZIP(2)                                                                                  \
    } else if (few && row_stride == 1 && columns == 3) {                                           \
      EDGE_ZIP(3)                                                                                  \
    } else if (few && row_stride == 1 && columns == 4) {                                           \
      EDGE_ZIP(4)                                                                                  \
    } else if (few && column_stride == 2 && columns >= 16) {                                       \
      EDGE_UNZIP(2)                                                                                \
    } else if (few && column_stride == 3 && columns >= 16) {                                       \
      EDGE_UNZIP(3)                                                                                \
    } else if (few && column_stride == 4 && columns >= 16) {                                       \
      EDGE_UNZIP(4)                                                                                \
    } else                                                                                         \
      for (int64_t r0 = 0; r0 < rows; r0 += 16) {                                                  \
        int64_t r1 = rows - r0 < 16 ? rows : r0 + 16;                                              \
        for (int64_t c0 = 0; c0 < columns; c0 += 64) {                                             \
          int64_t c1 = columns - c0 < 64 ? columns : c0 + 64;                                      \
          for (int64_t r = r0; r < r1; r++)                                                        \
            for (int64_t c = c0; c < c1; c++)                                                      \
              out[r * columns + c] = in[r * row_stride + c * column_stride];                       \
        }                                                                                          \
      }                                                                                            \
  }

EDGE_COPY_PLANE(copy_plane_1, uint8_t, 1)
EDGE_COPY_PLANE(copy_plane_2, uint16_t, 0)
EDGE_COPY_PLANE(copy_plane_4, uint32_t, 1)
EDGE_COPY_PLANE(copy_plane_8, uint64_t, 0)

/* rows x columns elements; tiles keep both sides of a transposition in cache. */
static void copy_plane(const char *x, char *y, int32_t element_bytes, int64_t rows, int64_t columns,
                       int64_t row_stride, int64_t column_stride) {
  if (column_stride == 1) {
    size_t bytes = (size_t)columns * (size_t)element_bytes;
    for (int64_t r = 0; r < rows; r++)
      memcpy(y + (size_t)r * bytes, x + r * row_stride * element_bytes, bytes);
  } else if (element_bytes == 1) {
    copy_plane_1(x, y, rows, columns, row_stride, column_stride);
  } else if (element_bytes == 2) {
    copy_plane_2(x, y, rows, columns, row_stride, column_stride);
  } else if (element_bytes == 4) {
    copy_plane_4(x, y, rows, columns, row_stride, column_stride);
  } else {
    copy_plane_8(x, y, rows, columns, row_stride, column_stride);
  }
}

void edge_copy_strided(const void *x, void *y, int32_t element_bytes, int32_t rank,
                       const int64_t *dims, const int64_t *x_stride) {
  for (int32_t i = 0; i < rank; i++)
    if (dims[i] <= 0)
      return;
  struct layout s = simplify(rank, dims, x_stride);
  int32_t outer = s.rank > 1 ? s.rank - 2 : 0;
  int64_t rows = s.rank > 1 ? s.dims[s.rank - 2] : 1;
  int64_t row_stride = s.rank > 1 ? s.stride[s.rank - 2] : 0;
  int64_t columns = s.dims[s.rank - 1];
  int64_t index[8] = {0};
  const char *in = x;
  char *out = y;
  for (;;) {
    copy_plane(in, out, element_bytes, rows, columns, row_stride, s.stride[s.rank - 1]);
    out += rows * columns * element_bytes;
    int32_t axis = outer - 1;
    for (; axis >= 0; axis--) {
      in += s.stride[axis] * element_bytes;
      if (++index[axis] < s.dims[axis])
        break;
      in -= s.dims[axis] * s.stride[axis] * element_bytes;
      index[axis] = 0;
    }
    if (axis < 0)
      return;
  }
}

void edge_fill(void *y, int64_t n, int32_t element_bytes, const void *value) {
  uint64_t pattern = 0;
  memcpy(&pattern, value, (size_t)element_bytes);
  if (element_bytes == 1) {
    memset(y, (int)pattern, (size_t)n);
  } else if (element_bytes == 2) {
    uint16_t *out = y;
    for (int64_t i = 0; i < n; i++)
      out[i] = (uint16_t)pattern;
  } else if (element_bytes == 4) {
    uint32_t *out = y;
    for (int64_t i = 0; i < n; i++)
      out[i] = (uint32_t)pattern;
  } else {
    uint64_t *out = y;
    for (int64_t i = 0; i < n; i++)
      out[i] = pattern;
  }
}
