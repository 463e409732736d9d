#include "common/blas/blas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nmn::blas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void PlainSgemm(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k, const float* alpha,
                const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
                const int* ldc) {
  for (int column = 0; column < *n; ++column) {
    for (int row = 0; row < *m; ++row) {
      float sum = 0;
      for (int i = 0; i < *k; ++i) {
        sum += (*trans_a == 'T' ? a[row * *lda + i] : a[i * *lda + row]) *
               (*trans_b == 'T' ? b[i * *ldb + column] : b[column * *ldb + i]);
      }
      c[column * *ldc + row] = *alpha * sum;
    }
  }
}

// Wrong in one element of one shape only, as the faulty kernels were: at the edge of an odd matrix.
void SgemmWrongAtAnEdge(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k,
                        const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                        const float* beta, float* c, const int* ldc) {
  PlainSgemm(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (*m == 45) c[*m * *n - 1] += 1;
}

BlasInfo OpenBlas(const std::string& core, std::vector<std::string> environment = {}) {
  return {
      .path = "/lib/libblas.so.3", .config = "OpenBLAS 0.3.21", .core = core, .environment = std::move(environment)};
}

TEST(CheckProducts, AcceptsACorrectProduct) { EXPECT_TRUE(CheckProducts(PlainSgemm, OpenBlas("SkylakeX")).ok()); }

TEST(CheckProducts, OneWrongElementIsAnErrorThatNamesTheVariable) {
  const absl::Status status = CheckProducts(SgemmWrongAtAnEdge, OpenBlas("SkylakeX"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("1 of 3465 elements"));
  EXPECT_THAT(message, HasSubstr("set OPENBLAS_CORETYPE=Haswell"));
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(CheckProducts, DoesNotSendHaswellBackToHaswell) {
  EXPECT_THAT(std::string(CheckProducts(SgemmWrongAtAnEdge, OpenBlas("Haswell")).message()),
              HasSubstr("OPENBLAS_CORETYPE=Prescott"));
}

TEST(SpeedWarnings, FullWidthIsSilent) {
  EXPECT_THAT(SpeedWarnings(OpenBlas("Cooperlake"), Width::kAvx512), IsEmpty());
  EXPECT_THAT(SpeedWarnings(OpenBlas("Zen"), Width::kAvx2), IsEmpty());
}

TEST(SpeedWarnings, NarrowKernelsNameTheVariableThatChoseThem) {
  EXPECT_THAT(SpeedWarnings(OpenBlas("Haswell", {"OPENBLAS_CORETYPE=Haswell"}), Width::kAvx512),
              ElementsAre(HasSubstr("OPENBLAS_CORETYPE=Haswell is set: unset it")));
}

TEST(SpeedWarnings, NarrowKernelsOfAnOldVersionNameTheVariableToSet) {
  EXPECT_THAT(SpeedWarnings(OpenBlas("Zen"), Width::kAvx512), ElementsAre(HasSubstr("set OPENBLAS_CORETYPE=SkylakeX")));
}

TEST(SpeedWarnings, ReferenceBlasNamesThePackage) {
  BlasInfo reference;
  reference.path = "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0";
  reference.reference = true;
  EXPECT_THAT(SpeedWarnings(reference, Width::kAvx2), ElementsAre(HasSubstr("apt-get install libopenblas0-pthread")));
}

TEST(LoadedBlas, IsAbsentInAProcessThatLinksNone) {
  EXPECT_EQ(LoadedBlas().path, "");
  EXPECT_TRUE(CheckLoadedBlas().ok());
}

}  // namespace
}  // namespace nmn::blas
