"""Who may do what: IAM policies, trust, and the metadata service that hands out credentials."""

from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Rule, Severity
from .reading import Statement, allows, blocks, conditions, is_anyone, items, statements

_POLICIES = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
}
_ATTACHMENTS = frozenset(
    {
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    }
)
_ADMIN = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
_SENSITIVE = frozenset(
    {
        "iam:passrole",
        "kms:decrypt",
        "kms:reencryptfrom",
        "s3:deleteobject",
        "s3:getobject",
        "s3:putobject",
        "secretsmanager:getsecretvalue",
        "secretsmanager:putsecretvalue",
        "ssm:getparameter",
        "ssm:getparameters",
        "ssm:getparametersbypath",
        "ssm:sendcommand",
        "ssm:startsession",
        "sts:assumerole",
    }
)
"""Actions that read secrets or data, or become somebody else: never on every resource."""
_GITHUB = "token.actions.githubusercontent.com"


def _granted(resource: ResourceRecord) -> Iterator[Statement]:
    """Yield every statement that gives something, inline policies of a role included."""
    inputs = resource["inputs"]
    texts = [inputs.get(_POLICIES.get(resource["type"], ""))]
    texts += [inline.get("policy") for inline in blocks(inputs.get("inlinePolicies"))]
    for text in texts:
        yield from (s for s in statements(text) if allows(s))


def _everywhere(statement: Statement) -> bool:
    return "*" in items(statement.get("Resource")) or "NotResource" in statement


def _admin(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    for statement in _granted(resource):
        every = {"*", "*:*"} & set(items(statement.get("Action"))) or "NotAction" in statement
        if every and _everywhere(statement):
            yield "it allows every action on every resource"
    for arn in [inputs.get("policyArn"), *items(inputs.get("managedPolicyArns"))]:
        if isinstance(arn, str) and arn.endswith(_ADMIN):
            yield f"it attaches {arn.rpartition('/')[2]}"


def _service(resource: ResourceRecord) -> Iterator[str]:
    for statement in _granted(resource):
        for action in items(statement.get("Action")):
            if str(action).endswith(":*") and action != "*:*" and _everywhere(statement):
                yield f"it allows {action} on every resource"


def _sensitive(resource: ResourceRecord) -> Iterator[str]:
    for statement in _granted(resource):
        if not _everywhere(statement) or any(conditions(statement)):
            continue
        for action in items(statement.get("Action")):
            if _covers_sensitive(str(action).lower()):
                yield f"it allows {action} on every resource"


def _covers_sensitive(action: str) -> bool:
    if action.endswith(":*") or action == "*":
        return False  # the rules on wildcards say so
    stem = action.removesuffix("*")
    return action in _SENSITIVE or (
        stem != action and any(known.startswith(stem) for known in _SENSITIVE)
    )


def _trust(resource: ResourceRecord) -> Iterator[str]:
    for statement in statements(resource["inputs"].get("assumeRolePolicy")):
        if allows(statement) and is_anyone(statement.get("Principal")):
            if not any(conditions(statement)):
                yield "anybody with an AWS account may assume it"
        elif allows(statement) and _GITHUB in str(statement.get("Principal")):
            yield from _github(statement)


def _github(statement: Statement) -> Iterator[str]:
    subjects = [value for key, value in conditions(statement) if key == f"{_GITHUB}:sub"]
    if not subjects:
        yield "any workflow of any repository on GitHub may assume it"
    for subject in subjects:
        if subject == "*" or subject.startswith("repo:*"):
            yield f"subject {subject!r} lets any repository on GitHub assume it"


def _metadata(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    options = blocks(inputs.get("metadataOptions"))
    if not options and "launchTemplate" in inputs:
        return  # has its template's
    tokens = options[0].get("httpTokens") if options else None
    if tokens != "required" and not (options and options[0].get("httpEndpoint") == "disabled"):
        yield f"http_tokens is {tokens!r}: a forged request can read the role's credentials"


def _keys(_: ResourceRecord) -> Iterator[str]:
    yield "it is a key that never expires"


RULES: tuple[Rule, ...] = (
    Rule(
        id="iam-no-admin",
        severity=Severity.ERROR,
        sentence="No policy allows every action on every resource.",
        remedy="name the actions and the resources; deploy roles may take an exception",
        link=hub("IAM.1"),
        controls=("IAM.1",),
        check=Each(
            frozenset({*_POLICIES, *_ATTACHMENTS, "aws:iam/role:Role"}),
            _admin,
        ),
    ),
    Rule(
        id="iam-no-service-wildcard",
        severity=Severity.ERROR,
        sentence="No policy allows all actions of a service on every resource.",
        remedy="name the actions that are used, or the resources",
        link=hub("IAM.21"),
        controls=("IAM.21",),
        check=Each(frozenset({*_POLICIES, "aws:iam/role:Role"}), _service),
    ),
    Rule(
        id="iam-sensitive-scoped",
        severity=Severity.ERROR,
        sentence="Actions that read secrets or data, or become another role, name their resources.",
        remedy="put the ARNs in Resource, or narrow by a Condition",
        link="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
        controls=("KMS.1", "KMS.2"),
        check=Each(frozenset({*_POLICIES, "aws:iam/role:Role"}), _sensitive),
    ),
    Rule(
        id="iam-trust",
        severity=Severity.ERROR,
        sentence="A role names who may assume it; a workflow's is one repository.",
        remedy="name the principal; for GitHub, the repository and branch in the subject",
        link="https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws",
        check=Each(frozenset({"aws:iam/role:Role"}), _trust),
    ),
    Rule(
        id="iam-no-access-keys",
        severity=Severity.WARNING,
        sentence="Nothing has a long-lived access key.",
        remedy="use a role: an instance profile, or OIDC for workflows",
        link="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
        check=Each(frozenset({"aws:iam/accessKey:AccessKey"}), _keys),
    ),
    Rule(
        id="imds-v2",
        severity=Severity.ERROR,
        sentence="Every instance asks the metadata service for a token first (IMDSv2).",
        remedy="set metadata_options' http_tokens='required'",
        link=hub("EC2.8"),
        controls=("EC2.8", "EC2.170", "AutoScaling.3", "CIS 5.7"),
        check=Each(
            frozenset({"aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"}),
            _metadata,
        ),
    ),
)
