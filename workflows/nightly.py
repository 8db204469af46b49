"""What the house does once a night: a Temporal Schedule at an hour in Tianjin."""

from __future__ import annotations

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleRange,
    ScheduleSpec,
)

from domain.limits import SHANGHAI


async def nightly(client: Client, action: ScheduleActionStartWorkflow, hour: int, minute: int) -> None:
    """Put the schedule in place, named as its workflow, if it is not there."""
    at = ScheduleCalendarSpec(hour=[ScheduleRange(hour)], minute=[ScheduleRange(minute)])
    wanted = Schedule(action=action, spec=ScheduleSpec(calendars=[at], time_zone_name=SHANGHAI.key))
    try:
        await client.create_schedule(action.id, wanted)
    except ScheduleAlreadyRunningError:
        return
