"""What may be asked of evidence."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from services.kernel.web import Id, Occurred, Paper, RequestBody, Short

OrganId = Annotated[str, Field(pattern=r"^[a-z]+-[0-9A-Za-z-]{1,40}$", examples=["proc-330106"])]
Digest = Annotated[
    str,
    Field(
        pattern=r"^sha-256:[0-9a-f]{64}$",
        examples=["sha-256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
        description="The digest that the upload of the content answered with.",
    ),
]
MediaType = Annotated[str, Field(max_length=100, pattern=r"^[a-z]+/[a-z0-9.+-]+$", examples=["application/pdf"])]
Kind = Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9_]+$")]
#: 系统内制作，扫描，导入。
Provenance = Literal["native", "scanned_in", "imported"]
#: 诉讼文书卷，证据卷，音像卷，检察卷，审判卷。侦查工作卷不随案移送，不入本系统。
Volume = Literal["litigation_documents", "evidence_volume", "av_volume", "review_volume", "trial_volume"]


class Act(RequestBody):
    """When an act was done, and whether that was inferred from other records."""

    occurred_at: Occurred | None = None
    inferred: bool = False


class DossierCreate(Act):
    """The dossier of a case that case_flow opened; `organs` are those of the same place it will go to."""

    case_id: Id
    organs: Annotated[list[OrganId], Field(max_length=20, default_factory=list)]


class Version(Act):
    """One state of an item of the dossier. The content was uploaded before."""

    digest: Digest
    media_type: MediaType = "application/octet-stream"
    pages: Annotated[int, Field(ge=1, le=100_000)] | None = None
    provenance: Provenance = "native"


class DossierItemCreate(Version):
    """A document becomes part of the dossier. `kind` is an id of the catalogue, or a kind of evidence."""

    volume: Volume
    title: Annotated[Short, Field(min_length=1, examples=["讯问笔录（第一次）"])]
    kind: Annotated[Kind, Field(examples=["interrogation_record"])]


class VersionCreate(Version):
    """A new content for an item. The versions before it stay."""


class PropertyFacts(RequestBody):
    """What was taken. `owner` is a label of the case, never a name; further facts may be added.

    Of what is frozen or sealed: `account` (or the number of the certificate), at which `institution`, `until` when, and
    whether it is only `waiting` for another's measure to end.
    """

    model_config = ConfigDict(extra="allow")
    kind: Annotated[Kind, Field(examples=["mobile_phone"])]
    count: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    value: Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,2})?$", examples=["3200.00"])] | None = None
    features: Short | None = None
    place: Short | None = None
    owner: Annotated[Short, Field(examples=["犯罪嫌疑人甲"])] | None = None
    location: Annotated[Short, Field(examples=["涉案财物管理中心3库12架"])] | None = None
    custodian: Annotated[Short, Field(examples=["pol-330106涉案财物管理中心"])] | None = None
    account: Annotated[Short, Field(min_length=1, examples=["6222020000000000000"])] | None = None
    institution: Annotated[Short, Field(min_length=1, examples=["某银行某支行"])] | None = None
    waiting: bool | None = None
    until: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2026-09-02"])] | None = None


class PropertyCreate(Act):
    """A piece of property is registered, with the decision to take it and the list it stands on."""

    case_id: Id
    facts: PropertyFacts
    documents: Annotated[list[Paper], Field(max_length=100, default_factory=list)]
    document_ids: Annotated[list[Id], Field(max_length=100, default_factory=list)]
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | None = None


class ListedFile(RequestBody):
    """An item of the dossier as a package lists it; without a version, the latest when the package is sealed."""

    item_id: Id
    version: Annotated[int, Field(ge=1, le=100_000)] | None = None


class PackageList(Act):
    """What a package holds, in order."""

    dossier_items: Annotated[list[ListedFile], Field(max_length=2000, default_factory=list)]
    property_items: Annotated[list[Id], Field(max_length=2000, default_factory=list)]


class PackageCreate(PackageList):
    """A package is drafted for an organ to receive."""

    case_id: Id
    to_organ: OrganId
    title: Annotated[Short, Field(examples=["移送审查起诉"])] = ""


class PackageRevise(PackageList):
    """The list of a package that is not sealed, or was returned, is written anew."""
