"""The SDK's sandbox: it refuses what a workflow must not do (clock, chance, files). Every workflow test runs in it.

In service the same workflows run without it (`worker.py`, docs/decisions/0008-no-sandbox-in-service.md).
"""

from __future__ import annotations

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    "domain",
    "activities",
    "storage",
    "workflows.attributes",
    "workflows.words",
    "workflows.converter",
    "pydantic",
    "sqlalchemy",
    "psycopg",
)
"""Modules that are not loaded anew for each workflow: pure, or never run inside one."""

SANDBOX = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
