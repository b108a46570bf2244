#include "backend/script_traceback.h"

#include <gtest/gtest.h>

#include <string>

namespace flambeau {
namespace {

// As LibTorch 2.13 writes them.
constexpr char kScripted[] =
    R"(The following operation failed in the TorchScript interpreter.
Traceback of TorchScript, serialized code (most recent call last):
  File "code/__torch__/net.py", line 10, in forward
    sub = self.sub
    y = (sub).forward(ids, )
         ~~~~~~~~~~~~ <--- HERE
    return torch.mul(y, 2)
  File "code/__torch__/torch/nn/functional.py", line 37, in embedding
  _3 = torch.embedding(weight, input0, padding_idx0, scale_grad_by_freq, sparse)
       ~~~~~~~~~~~~~~~ <--- HERE

Traceback of TorchScript, original code (most recent call last):
  File "/home/someone/secret/net.py", line 13, in forward
    def forward(self, ids: Tensor) -> Tensor:
        y = self.sub(ids)
            ~~~~~~~~ <--- HERE
        return y * 2
  File "/home/someone/secret/net.py", line 7, in embed
    def embed(self, ids: Tensor) -> Tensor:
        x = self.table(ids)
            ~~~~~~~~~~ <--- HERE
  File "/usr/lib/python3/site-packages/torch/nn/functional.py", line 2615, in embedding
    return torch.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)
           ~~~~~~~~~~~~~~~ <--- HERE
RuntimeError: index out of range in self
)";

constexpr char kTraced[] =
    R"(The following operation failed in the TorchScript interpreter.
Traceback of TorchScript, serialized code (most recent call last):
  File "code/__torch__/net/___torch_mangle_2.py", line 12, in forward
    return torch.view(x, [3, 4])
           ~~~~~~~~~~ <--- HERE

Traceback of TorchScript, original code (most recent call last):
/usr/lib/python3/site-packages/torch/nn/functional.py(2615): embedding
/usr/lib/python3/site-packages/torch/nn/modules/module.py(1768): _slow_forward
/home/someone/net.py(7): forward
/usr/lib/python3/site-packages/torch/nn/modules/module.py(1789): _call_impl
/home/someone/train.py(30): <module>
RuntimeError: shape '[3, 4]' is invalid for input of size 5
)";

TEST(ScriptTracebackTest, TheInnermostLineOfTheAuthorsSource) {
  const auto line = FailedLine(kScripted);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(ToText(*line), "line 7 of net.py, in embed: 'x = self.table(ids)'");
}

TEST(ScriptTracebackTest, OfATracedModelTheInnermostComesFirst) {
  const auto line = FailedLine(kTraced);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(ToText(*line), "line 7 of net.py, in forward");
}

TEST(ScriptTracebackTest, WithoutTheSourceItIsTheSavedCode) {
  const std::string text = kScripted;
  const auto line = FailedLine(text.substr(0, text.find("Traceback of TorchScript, original")));
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(ToText(*line), "line 10 of net.py, in forward: 'y = (sub).forward(ids, )'");
}

TEST(ScriptTracebackTest, OtherTextsTellNothing) {
  for (const char* text : {"", "index out of range", "Traceback of TorchScript, original code",
                           "Traceback of TorchScript, original code\n  File \"a.py\", line x, in f",
                           "Traceback of TorchScript, original code\n  File \"a.py\", line 3",
                           "Traceback of TorchScript, original code\n(3): f\na.py(): f"}) {
    EXPECT_FALSE(FailedLine(text).has_value()) << text;
  }
}

TEST(ScriptTracebackTest, WhatTheFileSaysIsMadePrintableAndShort) {
  const std::string code(500, 'x');
  const auto line = FailedLine("Traceback of TorchScript, original code\n  File \"/a/b\x01" +
                               std::string(200, 'n') + ".py\", line 3, in f\xff\r\n    " + code +
                               "\n    ~~~ <--- HERE\n");
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->file, "b?" + std::string(62, 'n') + "...");
  EXPECT_EQ(line->function, "f?");
  EXPECT_EQ(line->code, std::string(120, 'x') + "...");
}

}  // namespace
}  // namespace flambeau
