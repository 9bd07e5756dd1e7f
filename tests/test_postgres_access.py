"""How a Postgres is reached: passwords, URLs, rules and the proxy."""

import json
from typing import TYPE_CHECKING, Any

import pulumi_aws as aws

from databases import NETWORK, READER, THREE, WEB, database
from once import once
from plinth.postgres import VARIABLES, Password, Postgres, PostgresSettings, ProxySettings
from plinth.testing import Deployment, deploy

if TYPE_CHECKING:
    from plinth.wiring import Service


def test_a_generated_password_is_the_secrets() -> None:
    """The database gets the password that applications will read."""
    deployed = database(username="owner")

    version = deployed.one(aws.secretsmanager.SecretVersion).inputs
    asked = deployed.one(aws.rds.Instance).inputs
    assert json.loads(version["secretString"]) == {
        "username": "owner",
        "password": asked["password"],
    }
    assert "manageMasterUserPassword" not in asked


def test_another_user_has_another_secret() -> None:
    """A secret's text is kept as first made, and would go on naming the user of before."""
    before, after = database(), database(username="shop_owner")

    assert before.one(aws.secretsmanager.Secret).name == "db-app"
    assert after.one(aws.secretsmanager.Secret).name == "db-shop-owner"


def test_a_managed_password_is_left_to_rds() -> None:
    """No password passes through here, and RDS does not change it under running instances."""
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1"  # noqa: S105
    deployed = deploy(
        lambda: {
            "arn": Postgres(
                "db", PostgresSettings(password=Password.MANAGED), network=NETWORK
            ).secret_arn
        },
        computed={aws.rds.Instance: {"masterUserSecrets": [{"secretArn": secret}]}},
    )

    asked = deployed.one(aws.rds.Instance).inputs
    assert asked["manageMasterUserPassword"]
    assert "password" not in asked
    assert not deployed.all(aws.secretsmanager.Secret)
    rotation = deployed.one(aws.secretsmanager.SecretRotation).inputs
    assert rotation == {"secretId": secret, "rotationEnabled": False}
    assert deployed.outputs["arn"] == secret


def test_a_managed_secret_has_a_stand_in_until_it_exists() -> None:
    """A change from a generated password is previewed while RDS has made no secret yet."""
    deployed = database(password=Password.MANAGED)

    assert deployed.one(aws.secretsmanager.SecretRotation).inputs["secretId"]


def urls(**given: Any) -> dict[str, Any]:
    """Return the variables' templates, and the secrets they are filled from."""

    def program() -> dict[str, Any]:
        made = Postgres("db", PostgresSettings(**given), network=NETWORK)
        texts = made.secrets.items()
        return {
            **{name: text.template for name, text in texts},
            "arns": [text.secret_arn for _, text in texts],
        }

    return deploy(program).outputs


def test_urls_name_the_primary_and_the_reader() -> None:
    """Both are there whatever the replicas, over TLS, with the password filled in at boot."""
    deployed, found = database(), urls(database="shop")

    address = deployed.one(aws.rds.Instance).output("address")
    login = "postgresql://{username:url}:{password:url}"
    assert found["DATABASE_URL"] == f"{login}@{address}:5432/shop?sslmode=require"
    assert found["DATABASE_REPLICA_URL"] == f"{login}@{READER}:5432/shop?sslmode=require"
    assert found["arns"] == [deployed.one(aws.secretsmanager.Secret).output("arn")] * 2


def test_the_contract_names_what_is_set() -> None:
    """The table in the docs is made from the constant."""
    found: list[tuple[set[str], set[str], int]] = []

    def program() -> None:
        service: Service = Postgres("db", network=NETWORK)
        found.append((set(service.secrets), set(service.environment), len(service.grants)))

    deploy(program)
    secret = {v.name for v in VARIABLES if v.secret}
    assert found == [(secret, {v.name for v in VARIABLES} - secret, 0)]


def rules(deployed: Deployment) -> dict[str, tuple[str, str]]:
    """Return who may reach what, by the rules' names."""
    return {
        r.name: (r.inputs["referencedSecurityGroupId"], r.inputs["securityGroupId"])
        for r in deployed.all(aws.vpc.SecurityGroupIngressRule)
    }


@once
def allowed(**given: Any) -> Deployment:
    """Deploy a database that lets the web tier in."""
    return deploy(
        lambda: Postgres("db", PostgresSettings(**given), network=NETWORK).allow_from(WEB)
    )


def test_closed_until_a_peer_is_allowed() -> None:
    """allow_from opens the Postgres port and no other, to the peer's group and no other."""
    assert not rules(database(replicas=THREE))
    deployed = allowed()

    guard = deployed.one(aws.ec2.SecurityGroup)
    assert not {"ingress", "egress"} & set(guard.inputs)
    assert rules(deployed) == {"db-from-web": ("sg-web", guard.id)}
    rule = deployed.one(aws.vpc.SecurityGroupIngressRule).inputs
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 5432, 5432)


def test_a_proxy_stands_before_the_primary() -> None:
    """Writes pass through it, over TLS; reads do not, since RDS lets it serve no replica."""
    deployed, found = database(proxy=ProxySettings()), urls(proxy=ProxySettings())

    proxy = deployed.one(aws.rds.Proxy)
    assert proxy.inputs["requireTls"]
    assert proxy.inputs["vpcSubnetIds"] == ["subnet-a", "subnet-b", "subnet-c"]
    target = deployed.one(aws.rds.ProxyTarget).inputs
    instance = deployed.one(aws.rds.Instance).inputs["identifier"]
    assert target["dbInstanceIdentifier"] == instance
    assert target["dbProxyName"] == proxy.output("name")
    assert f"@{proxy.output('endpoint')}:5432/" in found["DATABASE_URL"]
    assert f"@{READER}:5432/" in found["DATABASE_REPLICA_URL"]


def test_a_proxy_reaches_the_database_and_nothing_else() -> None:
    """Peers reach the proxy, and the database for their reads; the proxy reaches the database."""
    deployed = allowed(proxy=ProxySettings())

    guard = deployed.one(aws.ec2.SecurityGroup, "db").id
    own = deployed.one(aws.ec2.SecurityGroup, "db-proxy").id
    assert deployed.one(aws.rds.Proxy).inputs["vpcSecurityGroupIds"] == [own]
    assert rules(deployed) == {
        "db-from-web": ("sg-web", guard),
        "db-proxy-from-web": ("sg-web", own),
        "db-from-db-proxy": (own, guard),
    }
    out = deployed.one(aws.vpc.SecurityGroupEgressRule).inputs
    assert (out["securityGroupId"], out["referencedSecurityGroupId"]) == (own, guard)
    assert (out["fromPort"], out["toPort"]) == (5432, 5432)


def test_a_proxy_reads_one_secret() -> None:
    """Its role may read the database's password and no other."""
    deployed = database(proxy=ProxySettings())

    secret = deployed.one(aws.secretsmanager.Secret).output("arn")
    [statement] = json.loads(deployed.one(aws.iam.RolePolicy).inputs["policy"])["Statement"]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    assert statement["Resource"] == secret
    proxy = deployed.one(aws.rds.Proxy).inputs
    assert proxy["auths"][0]["secretArn"] == secret
    assert proxy["roleArn"] == deployed.one(aws.iam.Role, "db-proxy").output("arn")


def test_a_proxys_idle_connections_stay_below_all() -> None:
    """RDS refuses more idle connections than connections, and takes half by itself."""
    deployed = database(proxy=ProxySettings(max_connections_percent=40))

    pool = deployed.one(aws.rds.ProxyDefaultTargetGroup).inputs["connectionPoolConfig"]
    assert pool["maxConnectionsPercent"] == 40
    assert pool["maxIdleConnectionsPercent"] == 20
