// What _law.drop computes, as one loop. A row's words are made first, in the L1 cache; then its
// elements are read and written in the order of memory, which is what caches and prefetchers expect.
#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cstdint>
#include <cstring>

namespace {

constexpr int LANES = 256, WORDS = LANES / 2;
constexpr int64_t ROWS_A_TASK = 128;  // fewer are done before a second thread has woken up

uint32_t mix(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x21F0AAADu;
  h = (h ^ (h >> 15)) * 0xD35A2D97u;
  return h ^ (h >> 15);
}

template <typename T, typename Bits>
void drop_rows(const T* x, T* y, int64_t n, int64_t first, int64_t last, const uint32_t* key,
               const int32_t* limit, const T scale) {
  for (int64_t row = first; row < last; row++) {
    const uint32_t b = mix(uint32_t(row) ^ key[0]);
    uint32_t word[WORDS];
    for (int j = 0; j < WORDS; j++) word[j] = mix(b + key[1 + j]) ^ b;
    uint16_t half[LANES];
    std::memcpy(half, word, sizeof half);  // the low half first, as on all processors of today
    const T* in = x + row * LANES;
    T* out = y + row * LANES;
    const auto write = [&](int l) {
      const T value = in[l] * scale;
      Bits bits;
      std::memcpy(&bits, &value, sizeof bits);
      // No "if": a wrongly guessed branch would cost more than the element.
      bits &= -Bits(half[l] < limit[l]);
      std::memcpy(out + l, &bits, sizeof bits);
    };
    const int64_t rest = n - row * LANES;
    if (rest >= LANES)  // a number that the compiler knows
      for (int l = 0; l < LANES; l++) write(l);
    else
      for (int l = 0; l < rest; l++) write(l);
  }
}

template <typename T, typename Bits>
void drop(const T* x, T* y, int64_t n, const int64_t* drawn, int32_t high, int64_t low, T scale) {
  int32_t limit[LANES];
  for (int l = 0; l < LANES; l++) limit[l] = high + (drawn[l] < low);
  uint32_t key[1 + WORDS];
  std::memcpy(key, drawn + LANES, sizeof key);
  const int64_t rows = (n + LANES - 1) / LANES;
  at::parallel_for(0, rows, ROWS_A_TASK, [&](int64_t first, int64_t last) {
    drop_rows<T, Bits>(x, y, n, first, last, key, limit, scale);
  });
}

}  // namespace

#define DROP(name, T, Bits)                                                                 \
  extern "C" void name(const void* x, void* y, int64_t n, const int64_t* drawn, int32_t high, \
                       int64_t low, const void* scale) {                                    \
    drop<T, Bits>(static_cast<const T*>(x), static_cast<T*>(y), n, drawn, high, low,        \
                  *static_cast<const T*>(scale));                                           \
  }
DROP(drop_float16, c10::Half, uint16_t)
DROP(drop_bfloat16, c10::BFloat16, uint16_t)
DROP(drop_float32, float, uint32_t)
DROP(drop_float64, double, uint64_t)
