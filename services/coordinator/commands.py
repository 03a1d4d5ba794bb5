"""What may be asked of the coordinator: certificates, and what persons decide about what it found."""

from typing import Annotated, Literal

from pydantic import Field

from services.kernel.web import Day, Id, RequestBody, Short

_Reason = Annotated[str, Field(min_length=4, max_length=2000, pattern=r"^[^\x00]*$")]


class AgreementCreate(RequestBody):
    """Compare all logs with what was read of them, and certify what comes out.

    `case_ids` adds the proof of these cases. `deep` has every row of both sides read anew first.
    """

    case_ids: Annotated[list[Id], Field(max_length=100)] = []
    deep: bool = False


class MismatchCreate(RequestBody):
    """Accept a finding as a known difference until the end of a day, at most ninety days ahead.

    `owner` is the organ that has to mend it, `article` the provision relied on, such as `CPL-2018:91.3`.
    """

    finding_id: Id
    owner: Annotated[str, Field(pattern=r"^[a-z]+-[0-9A-Za-z-]{1,40}$", examples=["proc-330106"])]
    reason: _Reason
    article: Annotated[str, Field(max_length=80, pattern=r"^[A-Z0-9]+-\d{4}:[^\x00]+$", examples=["CPL-2018:91.3"])]
    expires_on: Day


class HaltDecisionCreate(RequestBody):
    """How to go on with a log that is not the one that was read.

    `resume`: it is whole again, and is read on from where reading stopped. `set_aside`: the rows that it no longer has
    are kept apart, and it is read on from the last row that both have.
    """

    decision: Literal["resume", "set_aside"]
    reason: _Reason


class TaskFeedbackCreate(RequestBody):
    """Report what was done about a task, and which recorded acts mend what was found."""

    text: _Reason
    transition_ids: Annotated[list[Id], Field(max_length=50)] = []


class TaskReorderCreate(RequestBody):
    """Order a task again, with what is still missing and a new last day, at most thirty days ahead."""

    text: _Reason
    due_on: Day


class TaskConfirmationCreate(RequestBody):
    """Confirm that a task was done, which the log must show."""

    text: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""


#: What somebody may say of a task.
TaskCreate = TaskFeedbackCreate | TaskReorderCreate | TaskConfirmationCreate


class AcknowledgementCreate(RequestBody):
    """That an alert was read by the office to which it was addressed, with a note of what is being done, if there is one."""

    note: Short = ""
