#!/usr/bin/env python3
"""torch_test.py BIN: policies of python/ as a torch.nn.Module compute what `nmn trace` of the program in BIN has, for each
architecture and head, and in every network what they compute in numpy, of which policy_test.py says the same; they can be
trained and saved. Exit code 77: skipped, there is no torch."""

from support import Case, main, need, nmn

need("numpy", "torch")
# pylint: disable=wrong-import-position
import numpy as np
import torch
from networks import NETWORKS, Largest, Trace, draw, numbers, trace_flags

import nmn as package


def episodes(trace):
    """-> tensors [step, episode, number] or [step, episode], and what the trace says of each step by the names of outputs."""
    rows = list(trace)
    count = 1 + max(int(row["episode"]) for row in rows)
    steps = len(rows) // count

    def column(name):
        values = np.array([numbers(row, name) for row in rows])
        return torch.tensor(values.reshape(count, steps, values.shape[-1]).swapaxes(0, 1))

    given = {name: column(name) for name in ("x", "action", "reward", "trial_end")}
    said = {name: column(name) for name in ("mean", "logvar", "logit", "value") if column(name).shape[-1]}
    return given, said


TRACED = ["NMN, one angle, the paper's formula", "RNN, a choice, trials", "RNN, several choices, normalised",
          "NMN, two numbers, normalised"]


class Module(Case):
    def test_each_head_computes_what_is_traced(self):
        for name in TRACED:
            with self.subTest(name):
                path = self.place("policy.safetensors")
                draw(name, path)
                given, said = episodes(Trace(path, *trace_flags(name)))
                ends = given["trial_end"][..., 0] if given["trial_end"].shape[-1] else None
                for kind, bound in ((torch.float64, 1e-6), (torch.float32, 1e-5)):
                    module, largest = package.load_policy(path).to_torch(kind), Largest()
                    with torch.no_grad():
                        outputs = module.unroll(given["x"].to(kind), given["action"], given["reward"][..., 0], ends)
                    self.assertEqual(set(outputs), set(said))
                    for output, values in outputs.items():
                        self.assertEqual(values.dtype, kind)
                        for t, there in enumerate(said[output].numpy()):
                            here = values[t].numpy() if output != "value" else values[t, :, None].numpy()
                            largest.add(output, here, there)
                    self.assertLess(max(largest.of.values()), bound, largest.of)

    def test_every_network_computes_what_numpy_does(self):
        random, lanes = np.random.default_rng(4), 3
        for name in NETWORKS:
            with self.subTest(name):
                path, largest, states, before = self.place("policy.safetensors"), Largest(), None, ()
                draw(name, path)
                policy = package.load_policy(path, critic=True, seed=1)
                module = policy.to_torch(torch.float64)
                policy.reset(lanes)
                reward, end = np.zeros(lanes, np.float32), np.zeros(lanes)
                for _ in range(12):
                    x = random.normal(size=(lanes, policy.observation_size)).astype(np.float32)
                    action = policy.act(x, reward, end == 1, end == 2)
                    with torch.no_grad():
                        outputs, states = module(torch.tensor(x, dtype=torch.float64), *before, states=states)
                    for output, values in {**policy.outputs, "value": policy.value}.items():
                        largest.add(output, outputs[output].numpy(), values)
                    reward = random.normal(size=lanes).astype(np.float32)
                    end = random.integers(3 if policy.has_trials else 1, size=lanes)
                    before = (torch.tensor(action), torch.tensor(reward), torch.tensor(end))
                self.assertLess(max(largest.of.values()), 1e-12, largest.of)

    def test_names_are_those_of_the_file_and_statistics_are_not_learned(self):
        path = self.place("policy.safetensors")
        file = draw("NMN, two numbers, normalised", path)
        module = package.load_policy(path).to_torch()
        self.assertEqual(set(module.state_dict()), set(file.tensors))
        self.assertEqual({name for name, _ in module.named_parameters()}, {name for name in file.tensors if "normalize" not in name})

    def test_a_step_of_descent_is_saved_and_read_by_the_program(self):
        path, changed, again = (self.place(f"{name}.safetensors") for name in ("policy", "changed", "again"))
        draw("RNN, several choices, normalised", path)
        module = package.load_policy(path).to_torch()
        optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
        x, actions, rewards = torch.rand(6, 4, 2), torch.randint(0, 3, (6, 4, 2)), torch.rand(6, 4)

        def loss():
            outputs = module.unroll(x, actions, rewards, torch.zeros(6, 4))
            logits = outputs["logit"].split([3, 5], dim=-1)
            terms = [torch.distributions.Categorical(logits=part).log_prob(actions[..., i]) for i, part in enumerate(logits)]
            return ((outputs["value"] - 1) ** 2).mean() - sum(terms).mean()

        first = loss()
        first.backward()
        self.assertTrue(all(parameter.grad.abs().sum() > 0 for parameter in module.parameters()))
        optimizer.step()
        self.assertLess(loss().item(), first.item())
        module.save(changed)
        nmn("export", changed, f"--out={again}")
        saved = package.load_policy_file(again)
        for name, tensor in module.state_dict().items():
            np.testing.assert_array_equal(saved.tensors[name], tensor.numpy())

    def test_what_is_missing_is_said(self):
        path = self.place("policy.safetensors")
        draw("NMN, one number, clipped", path)
        module = package.load_policy(path).to_torch()
        _, states = module(torch.zeros(2, 1))
        self.assertIn("needs the action and the reward", self.refusal(ValueError, lambda: module(torch.zeros(2, 1), states=states)))

    def test_what_does_not_fit_is_said(self):
        path = self.place("policy.safetensors")
        draw("RNN, several choices, normalised", path)
        policy = package.load_policy(path)
        for dtype in ("cuda", np.float64, torch.int32):
            self.assertIn("it must be torch.float32 or torch.float64", self.refusal(TypeError, lambda: policy.to_torch(dtype)))
        module, zeros = policy.to_torch(), torch.zeros
        _, states = module(zeros(4, 2))
        whole = {"action": zeros(4, 2), "reward": zeros(4), "trial_end": zeros(4), "states": states}
        module(zeros(4, 2), **whole)
        for change, kind, said in (
            ({"observation": np.zeros((4, 2))}, TypeError, "observation is a ndarray; it must be a torch.Tensor"),
            ({"observation": zeros(4, 3)}, ValueError, "observation has shape (4, 3); its last axis must be of 2"),
            ({"observation": zeros(4, 2).double()}, TypeError, "give observation.to(torch.float32)"),
            ({"action": zeros(4)}, ValueError, "action has shape (4,); beside these observations it must be (4, 2)"),
            ({"action": zeros(4, 2) + 3}, ValueError, "action has a choice that is none of component 0: they are 0 to 2"),
            ({"reward": 1.0}, TypeError, "reward is 1.0; it must be a torch.Tensor"),
            ({"reward": zeros(4, 1)}, ValueError, "reward has shape (4, 1); beside these observations it must be (4,)"),
            ({"states": {}}, TypeError, "states is a dict; it must be what the step before returned"),
            ({"states": None}, ValueError, "give states=states, or the observation alone"),
            ({"states": module(zeros(3, 2))[1]}, ValueError, "states are of a step with axes (3,), and observation has (4,)")):
            self.assertIn(said, self.refusal(kind, lambda: module(**{"observation": zeros(4, 2), **whole, **change})))
        unroll = lambda *given: self.refusal(ValueError, lambda: module.unroll(*given))
        self.assertIn("with one step at least", unroll(zeros(0, 4, 2), zeros(0, 4, 2), zeros(0, 4)))
        self.assertIn("rewards[:5] has shape (5, 4, 1); beside these observations it must be (5, 4)",
                      unroll(zeros(6, 4, 2), zeros(6, 4, 2), zeros(6, 4, 1)))
        # The last action and reward are not read.
        module.unroll(zeros(6, 4, 2), zeros(5, 4, 2), zeros(5, 4))
        self.assertIn("which numpy cannot take", self.refusal(TypeError, lambda: policy.act(torch.zeros(2, requires_grad=True))))


if __name__ == "__main__":
    main()
