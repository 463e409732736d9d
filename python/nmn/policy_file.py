"""The networks of a run: of an exported file, a checkpoint or a run directory, as `nmn eval --policy` reads them."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

import numpy as np

from nmn import checks, places, safetensors, textproto
from nmn.activations import ACTIVATIONS
from nmn.cells import CELLS
from nmn.config import Config, min_log_variance_after
from nmn.exceptions import Damaged, NmnError, NotARun
from nmn.network import NetworkSpec
from nmn.safetensors import Tensors

_FORMAT = 1  # of exports and of checkpoints, the newest that is read here
_MOST_NAMED = 4  # checkpoints in an error
_WANTED = "a run directory, a checkpoint or an exported policy"
_LOOKS = 20  # for checkpoints that a run which goes on removes while they are read


@dataclass
class PolicyFile:
    """`tensors` has those of the actor and of the critic, by their names in a file: "actor.gru0.w_input" (docs/export.md).
    They are checked when it is made; whoever changes them later keeps names and shapes."""

    config: Config
    tensors: Tensors
    update: int  # updates completed
    source: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.config, Config):
            raise TypeError(f"config is {checks.shown(self.config)}; it must be an nmn.config.Config, as that of another "
                            "PolicyFile")
        checks.whole(self.update, "update", 0)
        self._check_tensors()

    def _check_tensors(self) -> None:
        if not isinstance(self.tensors, Mapping):
            raise TypeError(f"tensors is {checks.shown(self.tensors)}; it must be a dict of numpy arrays")
        wanted = {f"{role}.{name}": shape for role in ("actor", "critic")
                  for name, shape in self.spec(critic=role == "critic").shapes().items()}
        for name, shape in wanted.items():
            if name not in self.tensors:
                raise Damaged(f"{self.source}: tensor {name} {list(shape)} of its config's network is missing")
            found = self.tensors[name]
            if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
                what = f"an array of {found.dtype}" if isinstance(found, np.ndarray) else checks.shown(found)
                raise TypeError(f"tensors[{name!r}] is {what}; it must be a numpy array of float32")
            if found.shape != shape:
                raise Damaged(f"{self.source}: tensor {name} has shape {list(found.shape)}; its config's network has "
                              f"{list(shape)}")
            if not np.isfinite(found).all():
                raise Damaged(f"{self.source}: tensor {name} has a number that is not finite")
        for name in self.tensors:
            if name not in wanted:
                raise Damaged(f"{self.source}: tensor {name} belongs to no network of its config")
        self.tensors = {name: self.tensors[name] for name in wanted}

    def spec(self, critic: bool = False) -> NetworkSpec:
        try:
            spec = NetworkSpec.of(self.config, critic)
        except KeyError as error:
            raise Damaged(f"{self.source}: its config has no {getattr(error, 'field', error.args[0])}: an nmn from before wrote "
                          "it; export it again with nmn export") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise Damaged(f"{self.source}: its config describes no network ({error})") from None
        used = [("cell", spec.cell, list(CELLS)), ("main_activation", spec.main_activation, list(ACTIVATIONS))]
        if spec.nmn:
            used.append(("signal_activation", spec.signal_activation, list(ACTIVATIONS)))
        for name, value, known in used:
            if value not in known:
                raise Damaged(f"{self.source}: its config's network.{name} is {value!r}; this package knows "
                              f"{', '.join(known)}: take a newer one")
        return spec

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file that `nmn eval`, `nmn trace` and `nmn train --init_from` take."""
        self._check_tensors()
        digest = hashlib.sha256()
        for array in self.tensors.values():
            digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        network = self.config.get("network.architecture", "")
        safetensors.write(path, self.tensors, {
            **self.metadata, "format": f"nmn-policy-{_FORMAT}", "program": "nmn for Python", "update": str(self.update),
            "benchmark": str(self.config.get("benchmark", "")), "architecture": str(network), "config": self.config.text,
            "weights_sha256": digest.hexdigest()
        })


def load_policy_file(path: str | os.PathLike[str], update: int | None = None) -> PolicyFile:
    """`path`: a file of `nmn export`, a checkpoint (RUN/checkpoints/ckpt-N, with or without its zeros), or a run directory,
    whose newest weights are taken, or with `update` those of its checkpoint after that update."""
    place = checks.path(path, "path", f"{_WANTED}, or an nmn.Run")
    if update is not None:
        update = checks.whole(update, "update", 0, ", or None for the newest weights")
    if not place.exists():
        place = _by_number(place)
    if place.is_dir() and not (place / "MANIFEST").exists():
        _check_that_it_is_no_other(place)
        return _of_run(place) if update is None else _of_update(place, update)
    if update is not None:
        raise NmnError(f"update={update} chooses among the checkpoints of a run directory; {place} is none")
    if not place.is_dir():
        return _of_export(place)
    try:
        return _of_checkpoint(place)
    except FileNotFoundError as error:
        raise Damaged(f"{place}: the checkpoint has lost {error.filename}") from None


def _check_that_it_is_no_other(folder: Path) -> None:
    """A folder of runs, or one within a run."""
    if places.is_run(folder) or (folder / "policy.safetensors").exists():
        return
    runs, around = places.runs_in(folder), places.run_around(folder)
    if runs or places.is_sweep(folder):
        what = "a sweep" if places.is_sweep(folder) else "no run directory, but a folder of some"
        raise NotARun(f"{folder} is {what}: give one of its runs" + (f", such as {runs[0]}" if runs else ""))
    if around:
        raise NotARun(f"{folder} is no run directory; it lies in {around}: give that")


def checkpoint_updates(run: Path) -> list[int]:
    """Updates after which the run directory has a checkpoint, ascending."""
    return sorted(_checkpoints(run / "checkpoints"))


def _checkpoints(folder: Path) -> dict[int, Path]:
    """The checkpoints in the folder, by their update."""
    names = os.listdir(folder) if folder.is_dir() else []
    found = [re.fullmatch(r"ckpt-(\d+)", name) for name in names]
    return {int(name.group(1)): folder / name.group() for name in found if name}


def _by_number(place: Path) -> Path:
    """The checkpoint that ckpt-5 means, whose name has zeros: ckpt-00000005."""
    there = _checkpoints(place.parent)
    number = re.fullmatch(r"ckpt-(\d+)", place.name)
    if number and int(number.group(1)) in there:
        return there[int(number.group(1))]
    names = [there[update].name for update in sorted(there, reverse=True)]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    hint = f"; {place.parent} has {', '.join(names[:_MOST_NAMED])}{more}" if names else ""
    raise NotARun(f"there is no run directory, checkpoint or file {place}{hint or places.meant(place)}")


def _checkpoint(run: Path, update: int) -> Path:
    return run / "checkpoints" / f"ckpt-{update:08}"


def _of_update(run: Path, update: int) -> PolicyFile:
    updates = checkpoint_updates(run)
    if update not in updates:
        there = "those of " + ", ".join(map(str, updates)) if updates else "none"
        raise NotARun(f"{run} has no checkpoint of update {update}; it has {there}")
    return _of_checkpoint(_checkpoint(run, update))


def _of_run(run: Path) -> PolicyFile:
    exported = _of_export(run / "policy.safetensors") if (run / "policy.safetensors").is_file() else None
    newest, damage = _newest_checkpoint(run, exported.update if exported else -1)
    if newest is None and exported is None:
        if damage:
            raise Damaged(damage)
        raise NotARun(f"{run} holds neither policy.safetensors nor a checkpoint; is it a run directory?")
    policy = newest or exported
    assert policy is not None
    if damage:
        warnings.warn(f"{run}: {damage}, so this is the policy of update {policy.update}", stacklevel=4)
    return policy


def _newest_checkpoint(run: Path, beyond: int) -> tuple[PolicyFile | None, str]:
    """-> the newest whole one of a later update than `beyond`; what is wrong with a newer one."""
    for _ in range(_LOOKS):
        damage = ""
        for update in reversed(checkpoint_updates(run)):
            if update <= beyond:
                break
            try:
                return _of_checkpoint(_checkpoint(run, update)), damage
            except FileNotFoundError:
                if not _checkpoint(run, update).exists():
                    break  # the run went on and removed it
                damage = damage or f"the checkpoint of update {update} has lost a file"
            except Damaged as error:
                damage = damage or f"the checkpoint of update {update} is damaged ({error})"
        else:
            return None, damage
        if update <= beyond:
            return None, damage
    raise NmnError(f"{run}: the run removes its checkpoints faster than they are read; try again")


def _of_export(file: Path) -> PolicyFile:
    around = places.run_around(file)
    if (file.parent / "MANIFEST").exists():
        raise NotARun(f"{file} is part of a checkpoint: give its folder, {file.parent}")
    if around and file.suffix != ".safetensors":
        raise NotARun(f"{file} holds no policy; it lies in the run directory {around}: give that")
    tensors, metadata = safetensors.decode(file.read_bytes(), str(file))
    _check_format(metadata.get("format", ""), "nmn-policy-", str(file), metadata.get("program", ""))
    if not metadata.get("config"):
        raise Damaged(f"{file} has no \"config\" in its metadata: save it again with the metadata of the file that it was "
                      "read from")
    config = Config.parse(metadata["config"], f"{file}, config")
    update = metadata.get("update", "")
    return PolicyFile(config, tensors, int(update) if update.isdigit() else 0, str(file), metadata)


def _check_format(text: str, prefix: str, where: str, program: str) -> None:
    number = text[len(prefix):]
    if text.startswith(prefix) and not (number.isdigit() and int(number) <= _FORMAT):
        raise Damaged(f"{where}: its format is {text} (written by {program or 'another program'}); this package reads up to "
                      f"{prefix}{_FORMAT}: take a newer one")


def _of_checkpoint(folder: Path) -> PolicyFile:
    """What a checkpoint trains on with stands in its run's config.textproto; state.binpb is for the program."""
    text = (folder / "MANIFEST").read_text(encoding="utf-8", errors="replace")
    manifest = textproto.parse(text, str(folder / "MANIFEST"))
    _check_format(f"format {manifest.get('format', 0)}", "format ", str(folder), "")
    name = "weights.safetensors"
    data = (folder / name).read_bytes()
    files = manifest.get("files", [])
    wanted = [entry for entry in (files if isinstance(files, list) else [files]) if isinstance(entry, Mapping) and entry.get("name") == name]
    if not wanted or hashlib.sha256(data).hexdigest() != wanted[0].get("sha256"):
        raise Damaged(f"{folder / name} is not what the checkpoint's MANIFEST says; it was altered or cut")
    config_file = folder.resolve().parent.parent / "config.textproto"
    if not config_file.is_file():
        raise NotARun(f"{folder}: a checkpoint is read with config.textproto of its run directory, and there is no "
                      f"{config_file}; nmn export {folder} --out=policy.safetensors makes a file that needs none")
    update = manifest.get("update", 0)
    if not isinstance(update, int):
        raise Damaged(f"{folder / 'MANIFEST'}: its update is {checks.shown(update)}, and no number")
    return PolicyFile(_config_after(config_file, update), safetensors.decode(data, str(folder / name))[0], update, str(folder))


def _config_after(file: Path, update: int) -> Config:
    """The run's config with the floor of the policy's noise that the update has come to, as `nmn export` writes it."""
    config = Config.parse(file.read_text(encoding="utf-8", errors="replace"), str(file))
    if config.get("ppo.policy.final_min_log_variance") is None:
        return config
    floor = min_log_variance_after(config, update)
    text = re.sub(r"(?m)^\s*final_min_log_variance:.*\n", "", config.text)
    text = re.sub(r"(?m)^(\s*)min_log_variance:.*$", rf"\g<1>min_log_variance: {floor!r}", text)
    return Config.parse(text, str(file))
