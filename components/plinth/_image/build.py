"""The build, by pulumi-docker-build, which only those who build need to have installed."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pulumi

from plinth._fleet.instances import Architecture, one_architecture

from .settings import CACHE_PREFIX, BuildSettings

if TYPE_CHECKING:
    import pulumi_docker_build as docker_build

PLATFORMS = {Architecture.ARM64: "linux/arm64", Architecture.X86_64: "linux/amd64"}


def builder(name: str) -> "type[docker_build.Image]":
    """Import what builds, or say how to install it."""
    try:
        package: Any = importlib.import_module("pulumi_docker_build")
    except ModuleNotFoundError:
        msg = (
            f"container image {name!r} has build=..., which needs pulumi-docker-build: "
            "pip install 'plinth-iac[build]', or leave build out and give image=..."
        )
        raise ModuleNotFoundError(msg, name="pulumi_docker_build") from None
    return cast("type[docker_build.Image]", package.Image)


def check_context(name: str, build: BuildSettings) -> None:
    """Refuse a context that is not there, or that has no ``.dockerignore``."""
    context = Path(build.context)
    dockerfile = Path(build.dockerfile) if build.dockerfile else context / "Dockerfile"
    for what, path, there in (
        ("build.context", context, context.is_dir()),
        ("its Dockerfile", dockerfile, dockerfile.is_file()),
    ):
        if not there:
            msg = (
                f"container image {name!r} needs {what}, and there is none at "
                f"{str(path)!r}: give a path relative to the program's directory"
            )
            raise ValueError(msg)
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"
    if not any(path.is_file() for path in ignored):
        msg = (
            f"container image {name!r} has build.context={build.context!r} without a "
            ".dockerignore, so .git and caches would build it again each time: add one"
        )
        raise ValueError(msg)


def make_image(
    name: str,
    build: BuildSettings,
    *,
    parent: pulumi.Resource,
    repository_url: pulumi.Output[str],
    password: pulumi.Input[str] | None,
) -> "docker_build.Image":
    """Build the image and push it, once for each content.

    Written by hand as ``exports`` and not as ``push=True``, with which the provider never builds
    in a preview (github.com/pulumi/pulumi-docker-build#252).
    """
    built = one_architecture(build.instance_types)
    cache = pulumi.Output.format("{0}:{1}{2}", repository_url, CACHE_PREFIX, built.value)
    # As a plain list: the provider refuses tags that are unknown as a whole (#251).
    tags = [pulumi.Output.format("{0}:{1}", repository_url, build.tag)]
    platforms: list[Any] = [PLATFORMS[built]]
    return builder(name)(
        name,
        push=False,
        exports=[{"registry": {"oci_media_types": True}}],
        build_on_preview=build.on_preview,
        context={"location": build.context},
        dockerfile={"location": build.dockerfile} if build.dockerfile else None,
        target=build.target,
        build_args=build.args or None,
        platforms=platforms,
        tags=tags,
        cache_from=[{"registry": {"ref": cache}}] if build.cache else None,
        cache_to=[{"registry": _cache_to(cache)}] if build.cache else None,
        registries=_login(repository_url, password) if password is not None else None,
        # Deleted, it would take its manifest out of the registry, and with it every tag of that:
        # what a group still starts. The repository's rules clean up instead.
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
    )


def _cache_to(cache: pulumi.Output[str]) -> "docker_build.CacheToRegistryArgsDict":
    mode: Any = "max"  # the layers of earlier stages too
    return {
        "ref": cache,
        "mode": mode,
        # ECR takes no cache in any other form.
        "image_manifest": True,
        "oci_media_types": True,
        # Whoever may not write the cache can still build.
        "ignore_error": True,
    }


def _login(
    repository_url: pulumi.Output[str], password: pulumi.Input[str]
) -> "list[docker_build.RegistryArgsDict]":
    secret = pulumi.Output.secret(password)
    return [{"address": repository_url, "username": "AWS", "password": secret}]
