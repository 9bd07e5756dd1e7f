"""The sample app's image, built for Graviton and kept in ECR. Without `build`, CI would push it."""

import pulumi

from plinth import BuildSettings, ContainerImage, ContainerImageSettings

config = pulumi.Config()
build = BuildSettings(
    context="../shop",
    tag=config.require("tag"),
    instance_types=("t4g.small", "t4g.micro"),
)
image = ContainerImage("shop", ContainerImageSettings(build=build))

pulumi.export("image", image.reference)
pulumi.export("repository", image.repository_url)
