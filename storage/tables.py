"""The tables. Columns of the same name as a fact in `domain/case.py` hold that fact; a test compares them.

Words of persons stand in `people`, `notes` and the names of `attachments` only (Art. 15); every other table holds codes,
`changes` an officer's reasons, `knowledge` what units answer, and `duties` on what grounds.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy import DateTime as _DateTime
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

DateTime = _DateTime(timezone=True)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _case() -> Column[str]:
    return Column("case_number", Text, ForeignKey("cases.number"), nullable=False)


cases = Table(
    "cases",
    metadata,
    Column("number", Text, primary_key=True),
    Column("registered_at", DateTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("rule_set", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("chain", Text, nullable=False, server_default=""),
    Column("desk", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("district", Text),
    Column("urgency", Text, nullable=False),
    Column("report", Text),
    Column("exclusion", Text),
    Column("respondent", Text),
    Column("infringement", Boolean, nullable=False),
    Column("reachable", Boolean, nullable=False),
    Column("holder", Text),
    Column("hands", Text, nullable=False),
    Column("units", ARRAY(Text), nullable=False),
    Column("due_at", DateTime),
    Column("overdue", Boolean, nullable=False),
    Column("round", Integer, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("redos", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("callbacks", Integer, nullable=False),
    Column("designations", Integer, nullable=False),
    Column("urges", Integer, nullable=False),
    Column("call_at", DateTime),
    Column("call_from", Text),
    Column("joint", Text, ForeignKey("joints.id")),
    # Not facts of the lifecycle: how it came in, and whether its workflow has begun.
    Column("stated_at", DateTime, comment="when it happened or was written, by the person's own statement"),
    Column("client", Text, nullable=False),
    Column("intake_key", Text),
    Column("intake_digest", Text, nullable=False),
    Column("begun_at", DateTime),
    Column("wakes_at", DateTime, comment="when its workflow must go on by itself, as of its last step"),
    UniqueConstraint("client", "intake_key"),
    Index("ix_cases_call_at", "call_at", "number", postgresql_where="call_at IS NOT NULL"),
    Index("ix_cases_unlawful", "number", postgresql_where="report = 'unlawful'"),
    Index("ix_cases_not_begun", "registered_at", postgresql_where="begun_at IS NULL"),
    Index("ix_cases_wakes_at", "wakes_at", postgresql_where="wakes_at IS NOT NULL"),
)

SOONEST = func.coalesce(cases.c.due_at, text("'9999-12-31 00:00:00+00'::timestamptz"))
"""What lists of cases are sorted by: the next due instant, or the end of time."""

Index("ix_cases_soonest", SOONEST, cases.c.number)
Index("ix_cases_status_soonest", cases.c.status, SOONEST, cases.c.number)
Index("ix_cases_holder_soonest", cases.c.holder, SOONEST, cases.c.number, postgresql_where="holder IS NOT NULL")
Index("ix_cases_joint", cases.c.joint, cases.c.number, postgresql_where="joint IS NOT NULL")

joints = Table(
    "joints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False, comment="what it is about, in the words of the Centre"),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime, nullable=False),
    Column("closed_by", Text),
    Column("closed_at", DateTime),
    Index("ix_joints_opened_at", "opened_at", "id"),
)
"""Joint cases (并案): many cases about one thing."""

joint_acts = Table(
    "joint_acts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("joint", Text, ForeignKey("joints.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("received_at", DateTime, nullable=False),
    Column("act", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("unit", Text),
    Column("key", Text, comment="the client's Idempotency-Key"),
    Column("digest", Text, nullable=False),
    Column("body", JSONB, nullable=False, comment="its codes"),
    Column("texts", JSONB, comment="its texts, until each case has its copy"),
    Column("numbers", ARRAY(Text), comment="the cases that it is to reach; none: every part of the joint case"),
    Column("last", Text, comment="the number of the last case that it reached or passed"),
    Column("carried", Integer, nullable=False, server_default="0", comment="cases that it reached"),
    Column("passed", Integer, nullable=False, server_default="0", comment="cases that it was not for"),
    Column("done_at", DateTime),
    UniqueConstraint("joint", "seq"),
    UniqueConstraint("actor", "key"),
    Index("ix_joint_acts_waiting", "received_at", postgresql_where="done_at IS NULL"),
)
"""What was done for all parts of a joint case at once, and how far it has come."""

people = Table(
    "people",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("name", Text),
    Column("phone", Text),
    Column("address", Text),
    Column("id_number", Text),
    Column("phone_index", Text, comment="keyed; decision 0013"),
    Column("phone_master", Text, comment="which master key the index is under"),
    Column("consent", Boolean, nullable=False, server_default="false", comment="to be named to a unit (Art. 15)"),
    Index("ix_people_phone_index", "phone_index", postgresql_where="phone_index IS NOT NULL"),
)

PERSON = ("name", "phone", "address", "id_number")
"""The columns of `people` that say who asked, each sealed."""

disclosures = Table(
    "disclosures",
    metadata,
    Column("id", Text, primary_key=True),
    _case(),
    Column("at", DateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text),
    Column("purpose", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("note", Text, ForeignKey("notes.id"), comment="the reason, where one is asked for"),
    Index("ix_disclosures_case_number_at", "case_number", "at"),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    _case(),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("title", Text),
    Column("salt", Text, nullable=False, server_default=""),
    Column("written_at", DateTime, nullable=False),
    Index("ix_notes_case_number", "case_number"),
    Index("ix_notes_words", text("bigrams((COALESCE(title, ''::text) || ' '::text) || text)"), postgresql_using="gin"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("upload", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("key", Text, comment="the client's Idempotency-Key"),
    Column("begun_at", DateTime, nullable=False),
    Column("size", BigInteger, nullable=False, comment="bytes to come, as announced"),
    Column("announced", Text, comment="SHA-256 of what is sent, as announced"),
    Column("name", Text, comment="a person's word"),
    Column("taken", BigInteger, nullable=False, server_default="0", comment="bytes that have come"),
    Column("parts", JSONB, nullable=False, server_default="[]", comment="keys of the blobs that hold them"),
    Column("state", Text, nullable=False, server_default="open", comment="open, whole, refused, abandoned"),
    Column("refusal", Text, comment="why it was refused: a code"),
    # Once it is whole: what is kept of it.
    Column("id", Text, unique=True, comment="its salted hash"),
    Column("salt", Text),
    Column("kind", Text),
    Column("sha256", Text),
    Column("length", BigInteger),
    Column("blob", Text, comment="the key of its blob"),
    # Once an act has brought it.
    Column("case_number", Text, ForeignKey("cases.number")),
    Column("deed", Text),
    Column("attached_at", DateTime),
    UniqueConstraint("actor", "key"),
    Index("ix_attachments_case_number", "case_number", postgresql_where="case_number IS NOT NULL"),
    Index("ix_attachments_deed", "deed", postgresql_where="deed IS NOT NULL"),
    Index("ix_attachments_loose", "actor", "begun_at", postgresql_where="case_number IS NULL"),
)

entries = Table(
    "entries",
    metadata,
    _case(),
    Column("seq", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("unit", Text),
    Column("deed", Text),
    Column("notes", JSONB, nullable=False),
    Column("attachments", ARRAY(Text), nullable=False, server_default="{}"),
    Column("detail", JSONB, nullable=False),
    Column("chain", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("case_number", "seq"),
    Index("ix_entries_event_at", "event", "at"),
    Index(
        "ix_entries_answered",
        text("(detail ->> 'entry'::text)"),
        postgresql_where="event = 'answer' AND detail ? 'entry'",
    ),
    Index("ix_entries_partner", text("(detail ->> 'partner'::text)"), "at", postgresql_where="detail ? 'partner'"),
)

deeds = Table(
    "deeds",
    metadata,
    Column("id", Text, primary_key=True),
    _case(),
    Column("act", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("unit", Text),
    Column("received_at", DateTime, nullable=False),
    Column("key", Text, comment="the client's Idempotency-Key"),
    Column("digest", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_at", DateTime, comment="when it was applied or refused"),
    Column("refusal", JSONB),
    UniqueConstraint("actor", "key"),
    Index("ix_deeds_case_number_received_at", "case_number", "received_at"),
    Index("ix_deeds_waiting", "received_at", postgresql_where="state = 'received'"),
)

assignments = Table(
    "assignments",
    metadata,
    _case(),
    Column("round", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("delivered_at", DateTime, nullable=False),
    Column("handling", Text, nullable=False),
    Column("signed_at", DateTime),
    Column("ended_at", DateTime),
    Column("complex", Boolean, nullable=False),
    Column("designated", Boolean, nullable=False),
    Column("admitted", Boolean),
    Column("replied", Text),
    Column("choice", Text),
    Column("late", Boolean, nullable=False, server_default="false"),
    Column("extension", Date),
    PrimaryKeyConstraint("case_number", "round", "unit"),
    Index("ix_assignments_inbox", "unit", "handling", "case_number"),
)

clocks = Table(
    "clocks",
    metadata,
    _case(),
    Column("id", Text, nullable=False),
    Column("clock", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("about", Text),
    Column("start", DateTime, nullable=False),
    Column("due", DateTime, nullable=False),
    Column("term", Text),
    Column("rungs", JSONB, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("given", Integer, nullable=False, server_default="0"),
    Column("since", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),
    Column("stopped_at", DateTime),
    Column("derivation", JSONB),
    Column("basis", Text),
    PrimaryKeyConstraint("case_number", "id"),
    Index("ix_clocks_running_due", "due", "case_number", "owner", "round", postgresql_where="state = 'running'"),
    Index("ix_clocks_inbox", "owner", "due", "case_number", "round", postgresql_where="clock = 'handling'"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    _case(),
    Column("at", DateTime, nullable=False),
    Column("audience", Text, nullable=False),
    Column("unit", Text),
    Column("template", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column(
        "state", Text, nullable=False, comment="waiting, sent, delivered, failed; shown: read in the inbox, not sent"
    ),
    Column("tries", Integer, nullable=False),
    Column("receipt", Text),
    Index("ix_notices_waiting", "at", postgresql_where="state = 'waiting'"),
    Index("ix_notices_case_number", "case_number"),
    Index("ix_notices_unit", "unit", "at", "id", postgresql_where="unit IS NOT NULL"),
    Index("ix_notices_audience", "audience", "at", "id", postgresql_where="unit IS NULL"),
)

handovers = Table(
    "handovers",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("raised_at", DateTime, nullable=False),
    Column("basis", Text, nullable=False),
    Column("state", Text, nullable=False),
    Index("ix_handovers_raised_at", "raised_at", "case_number"),
    Index("ix_handovers_waiting", "case_number", postgresql_where="state = 'waiting'"),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", Text, primary_key=True, comment="the idempotency key: the case's number and the ground"),
    _case(),
    Column("basis", Text, nullable=False),
    Column("raised_at", DateTime, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, received, refused, unanswered"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", DateTime, comment="when it is tried again; null: at once"),
    Column("answered_at", DateTime),
    Column("receipt", Text),
    Column("reason", Text, comment="a code: why it was not taken"),
    Column("resent_by", Text),
    Column("resent_at", DateTime),
    Index("ix_dispatches_raised_at", "raised_at", "id"),
    Index("ix_dispatches_case_number", "case_number"),
    Index("ix_dispatches_waiting", "tries", "raised_at", postgresql_where="state = 'waiting'"),
    Index("ix_dispatches_failed", "id", postgresql_where="state IN ('refused', 'unanswered')"),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("at", DateTime, primary_key=True),
    Column("ours", Integer, nullable=False),
    Column("theirs", Integer, nullable=False),
    Column("they_lack_count", Integer, nullable=False),
    Column("we_lack_count", Integer, nullable=False),
    Column("they_lack", ARRAY(Text), nullable=False),
    Column("we_lack", ARRAY(Text), nullable=False),
)

archives = Table(
    "archives",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("sealed_at", DateTime, nullable=False),
    Column("manifest", JSONB, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("asked_at", DateTime, nullable=False, comment="when the person last asked"),
    Column("refusal", Text, comment="why it was refused: the refusal's words, or why appraisal struck it"),
    Column("basis", Text, comment="the provision that refuses"),
)

disposal_lists = Table(
    "disposal_lists",
    metadata,
    Column("id", Text, primary_key=True),
    Column("stage", Text, nullable=False, comment="proposed, appraised, approved, carried_out"),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("appraised_by", Text),
    Column("appraised_at", DateTime),
    Column("approved_by", Text),
    Column("approved_at", DateTime),
    Column("carried_out_at", DateTime),
    CheckConstraint("appraised_by <> proposed_by", "appraiser"),
    CheckConstraint("approved_by <> proposed_by AND approved_by <> appraised_by", "approver"),
    CheckConstraint("stage = 'proposed' OR appraised_by IS NOT NULL", "appraised"),
    CheckConstraint("stage IN ('proposed', 'appraised') OR approved_by IS NOT NULL", "approved"),
    Index("ix_disposal_lists_proposed_at", "proposed_at", "id"),
)

disposal_items = Table(
    "disposal_items",
    metadata,
    Column("list", Text, ForeignKey("disposal_lists.id"), nullable=False),
    _case(),
    Column("ground", Text, nullable=False),
    Column("struck", Text, comment="why appraisal struck it off: a code"),
    Column("claims", Text, unique=True, comment="the case, while the item is not struck: it stands on one list only"),
    PrimaryKeyConstraint("list", "case_number"),
    CheckConstraint("(struck IS NULL) = (claims IS NOT NULL) AND coalesce(claims, case_number) = case_number", "claim"),
)

disposals = Table(
    "disposals",
    metadata,
    Column("case_number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("list", Text, ForeignKey("disposal_lists.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("ground", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("texts", Integer, nullable=False),
    Column("attachments", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("identity", Boolean, nullable=False, comment="it said who asked"),
    Column("entries", Integer, nullable=False),
    Column("chain", Text, nullable=False, comment="the hash of the last entry"),
    Index("ix_disposals_at", "at", "case_number"),
)

roots = Table(
    "roots",
    metadata,
    Column("day", Date, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("signed", Text, nullable=False, comment="a JWS over the day's statement"),
)

root_heads = Table(
    "root_heads",
    metadata,
    Column("day", Date, ForeignKey("roots.day"), nullable=False),
    Column("case_number", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("chain", Text, nullable=False),
    PrimaryKeyConstraint("day", "case_number"),
    Index("ix_root_heads_case_number_entries", "case_number", "entries"),
)

units = Table(
    "units",
    metadata,
    Column("code", Text, primary_key=True),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("district", Text),
    Column("active", Boolean, nullable=False),
)

partners = Table(
    "partners",
    metadata,
    Column("code", Text, primary_key=True),
    Column("zh", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("credit_code", Text),
    Column("services", ARRAY(Text), nullable=False),
    Column("districts", ARRAY(Text), nullable=False, comment="none: the whole city"),
    Column("opens", Text, nullable=False),
    Column("closes", Text, nullable=False),
    Column("phone", Text, nullable=False, comment="of the service, for whoever wants it"),
    Column("papers", JSONB, nullable=False),
    Column("standing", Text, nullable=False),
    Column("entered_by", Text, nullable=False, server_default="", comment="who took the application in"),
    Column("set_by", Text, nullable=False),
    Column("set_at", DateTime, nullable=False),
    Column("due_at", DateTime, comment="when the period that runs ends"),
    Column("fault", Text),
    Column("heard", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("seen", Integer, nullable=False, server_default="0", comment="the version that its workflow has read"),
    Index("ix_partners_unseen", "code", postgresql_where="seen < version"),
)
"""Partner enterprises, and who else of society takes part (加盟企业与社会力量)."""

partner_steps = Table(
    "partner_steps",
    metadata,
    Column("partner", Text, ForeignKey("partners.code"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("act", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("standing", Text, nullable=False, comment="where it stood after it"),
    Column("fault", Text),
    Column("reason", Text),
    Column("said", JSONB, comment="what it says of itself from then on, where the step is about that"),
    PrimaryKeyConstraint("partner", "version"),
)

offers = Table(
    "offers",
    metadata,
    Column("id", Text, primary_key=True),
    _case(),
    Column("at", DateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("rule_set", Text, nullable=False, comment="whose weights it was made by"),
    Column("ranking", JSONB, nullable=False, comment="the partners in their order, with every factor"),
    Index("ix_offers_case_number", "case_number", "at"),
    Index("ix_offers_service", "service"),
)
"""Lists of partners from which one was recommended or chosen (择优推荐、自行选择)."""

rating_steps = Table(
    "rating_steps",
    metadata,
    _case(),
    Column("seq", Integer, nullable=False, comment="the entry that holds the rating"),
    Column("nth", Integer, nullable=False),
    Column("partner", Text, ForeignKey("partners.code"), nullable=False),
    Column("standing", Text, nullable=False, comment="disputed, excluded, counted"),
    Column("at", DateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("case_number", "seq", "nth"),
    Index("ix_rating_steps_at", "at", "case_number", "seq", "nth"),
)
"""What partners object to in ratings, and what was decided."""

credit_records = Table(
    "credit_records",
    metadata,
    Column("id", Text, primary_key=True, comment="the idempotency key: entity, period, fact, and which time"),
    Column("partner", Text, ForeignKey("partners.code"), nullable=False),
    Column("entity", Text, nullable=False, comment="the unified social credit code"),
    Column("fact", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("nth", Integer, nullable=False, comment="told anew, because decisions on ratings have changed the value"),
    Column("raised_at", DateTime, nullable=False),
    Column("state", Text, nullable=False, comment="waiting, received, refused, unanswered"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at", DateTime, comment="when it is tried again; null: at once"),
    Column("answered_at", DateTime),
    Column("receipt", Text),
    Column("reason", Text, comment="a code: why it was not taken"),
    Column("resent_by", Text),
    Column("resent_at", DateTime),
    UniqueConstraint("partner", "period", "fact", "nth"),
    Index("ix_credit_records_raised_at", "raised_at", "id"),
    Index("ix_credit_records_waiting", "tries", "raised_at", postgresql_where="state = 'waiting'"),
    Index("ix_credit_records_failed", "id", postgresql_where="state IN ('refused', 'unanswered')"),
)
"""What the credit system is told of partners (Art. 24)."""

opinions = Table(
    "opinions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("voice", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="the number under which it came in"),
    Column("received_at", DateTime, nullable=False),
    Column("standing", Text, nullable=False),
    Column("unit", Text, comment="who is to answer: a unit, or the Centre"),
    Column("answered_by", Text),
    Column("worded_by", Text, comment="who worded what everybody is to read"),
    Column("warn_at", DateTime, comment="when it is warned that the limit ends soon"),
    Column("due_at", DateTime, comment="when the limit that runs ends"),
    Column("late", Integer, nullable=False, comment="how many limits were not kept"),
    Column("version", Integer, nullable=False),
    Column("seen", Integer, nullable=False, server_default="0", comment="the version that its workflow has read"),
    Column("title", Text, nullable=False),
    Column("question", Text, nullable=False, comment="what is said"),
    Column("answer", Text),
    Column("effect", Text, comment="what changed because of it"),
    Column("public_title", Text, comment="as everybody reads it"),
    Column("public_question", Text),
    Column("public_answer", Text),
    Column("kept", JSONB, comment="suspected passages that the reviewer let stand"),
    Column("published_at", DateTime),
    UniqueConstraint("voice", "reference"),
    Index("ix_opinions_received_at", "received_at", "id"),
    Index("ix_opinions_published", "published_at", "id", postgresql_where="standing = 'published'"),
    Index("ix_opinions_unseen", "id", postgresql_where="seen < version"),
)
"""Opinions of deputies, CPPCC members, journalists and the public (Art. 21). Who said it is not kept."""

opinion_steps = Table(
    "opinion_steps",
    metadata,
    Column("opinion", Text, ForeignKey("opinions.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("act", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("standing", Text, nullable=False, comment="where it stood after it"),
    Column("unit", Text, comment="who was to answer"),
    Column("words", Text, comment="why; or what was answered, or changed"),
    PrimaryKeyConstraint("opinion", "version"),
)

trainings = Table(
    "trainings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("hours", Integer, nullable=False),
    Column("people", Integer, nullable=False, comment="how many took part; nobody's name"),
    Column("units", ARRAY(Text), nullable=False, comment="whose people; none: the Centre's"),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime, nullable=False),
    Index("ix_trainings_held_on", "held_on", "id"),
)
"""The register of training (Art. 5(5))."""

checks = Table(
    "checks",
    metadata,
    _case(),
    Column("seq", Integer, nullable=False, comment="the entry that is checked"),
    Column("sample", Text, nullable=False, comment="the sample that drew it"),
    Column("what", Text, nullable=False),
    Column("unit", Text, comment="whose reply it was; null: the Centre's"),
    Column("drawn_by", Text, nullable=False),
    Column("drawn_at", DateTime, nullable=False),
    Column("checked_by", Text),
    Column("checked_at", DateTime),
    Column("met", ARRAY(Text), comment="the points that it meets"),
    Column("missed", ARRAY(Text), comment="the points that it does not meet; the rest do not apply"),
    Column("remark", Text),
    PrimaryKeyConstraint("case_number", "seq"),
    CheckConstraint("(checked_by IS NULL) = (met IS NULL)", "checked"),
    Index("ix_checks_drawn_at", "drawn_at", "case_number", "seq"),
)
"""Sampled checks of the quality of calls and replies (质量抽检; Art. 5(5))."""

calendar_notices = Table(
    "calendar_notices",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("year", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Date),
)

calendar_days = Table(
    "calendar_days",
    metadata,
    Column("version", Integer, ForeignKey("calendar_notices.version"), nullable=False),
    Column("day", Date, nullable=False),
    Column("works", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("version", "day"),
)

changes = Table(
    "changes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Index("ix_changes_at", "at", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True, comment="SHA-256 of the cookie"),
    Column("subject", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text),
    Column("begun_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("ended_at", DateTime, comment="when they signed out"),
)

publications = Table(
    "publications",
    metadata,
    Column("id", Text, primary_key=True, comment="of the public text; says nothing of the case"),
    _case(),
    Column("stage", Text, nullable=False, comment="proposed, replaced, published, refused, withdrawn"),
    Column("title", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("district", Text),
    Column("unit", Text, comment="who led the handling"),
    Column("asked_in", Text, nullable=False, comment="the month of its registration in Shanghai: 2026-03"),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("reviewed_by", Text),
    Column("reviewed_at", DateTime),
    Column("kept", JSONB, comment="suspected passages that the reviewer let stand"),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", DateTime),
    Column("reason", Text, comment="why it was refused or withdrawn"),
    CheckConstraint("stage IN ('proposed', 'replaced') OR reviewed_by IS NOT NULL", "reviewed"),
    CheckConstraint("stage NOT IN ('published', 'withdrawn') OR reviewed_by <> proposed_by", "reviewer"),
    Index("ix_publications_proposed_at", "proposed_at", "id"),
    Index("ix_publications_published", "reviewed_at", "id", postgresql_where="stage = 'published'"),
    Index(
        "uq_publications_standing",
        "case_number",
        unique=True,
        postgresql_where="stage IN ('proposed', 'published')",
    ),
)
"""Texts that are to go public, or did (公开)."""

knowledge = Table(
    "knowledge",
    metadata,
    Column("entry", Integer, Identity(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("owner", Text, ForeignKey("units.code"), nullable=False, comment="the unit whose answer it is"),
    Column("matter", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False, comment="its last day"),
    Column("review_on", Date, nullable=False, comment="when its owner is reminded"),
    Column("stage", Text, nullable=False, comment="proposed, replaced, released, refused, withdrawn"),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("reviewed_by", Text),
    Column("reviewed_at", DateTime),
    Column("reminded_at", DateTime),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", DateTime),
    Column("reason", Text, comment="why it was refused or withdrawn"),
    Column("asked", TSVECTOR, Computed("bigrams(question)", persisted=True)),
    Column("said", TSVECTOR, Computed("bigrams((question || ' '::text) || answer)", persisted=True)),
    PrimaryKeyConstraint("entry", "version"),
    CheckConstraint("review_on BETWEEN valid_from AND valid_until", "days"),
    CheckConstraint("stage IN ('proposed', 'replaced') OR reviewed_by IS NOT NULL", "reviewed"),
    CheckConstraint("stage NOT IN ('released', 'withdrawn') OR reviewed_by <> proposed_by", "reviewer"),
    Index("ix_knowledge_said", "said", postgresql_using="gin"),
    Index("ix_knowledge_owner", "owner", "entry", "version"),
    Index("ix_knowledge_review_on", "review_on", postgresql_where="stage = 'released'"),
    Index("uq_knowledge_proposed", "entry", unique=True, postgresql_where="stage = 'proposed'"),
    Index(
        "uq_knowledge_question",
        "owner",
        text("md5(question)"),
        unique=True,
        postgresql_where="version = 1 AND stage IN ('proposed', 'released')",
    ),
)
"""Every version of every answer (知识库); what it says is never changed."""

questions = Table(
    "questions",
    metadata,
    Column("words", Text, primary_key=True, comment="in small letters, masked; never who asked"),
    Column("terms", ARRAY(Text), nullable=False, comment="what a search looks for"),
    Column("times", Integer, nullable=False),
    Column("first_at", DateTime, nullable=False),
    Column("last_at", DateTime, nullable=False),
    Index("ix_questions_times", "times", "words"),
)
"""What was asked of the knowledge base in vain."""

duties = Table(
    "duties",
    metadata,
    Column("duty", Integer, Identity(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("unit", Text, ForeignKey("units.code"), nullable=False),
    Column("matter", Text, nullable=False),
    Column("topic", Text, comment="a code; null: any"),
    Column("district", Text, comment="null: any"),
    Column("ground", Text, nullable=False, comment="the provision or decision that gives the duty"),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, comment="its last day; null: until it is changed"),
    Column("stage", Text, nullable=False, comment="proposed, replaced, accepted, refused"),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", DateTime, nullable=False),
    Column("counted", Integer, comment="how many cases on record speak for it; null: it was proposed without"),
    Column("reviewed_by", Text),
    Column("reviewed_at", DateTime),
    Column("reason", Text, comment="why it was refused"),
    PrimaryKeyConstraint("duty", "version"),
    CheckConstraint("valid_until >= valid_from", "days"),
    CheckConstraint("stage IN ('proposed', 'replaced') OR reviewed_by IS NOT NULL", "reviewed"),
    CheckConstraint("stage <> 'accepted' OR reviewed_by <> proposed_by", "reviewer"),
    Index("ix_duties_matter", "matter", "duty", "version", postgresql_where="stage = 'accepted'"),
    Index("uq_duties_proposed", "duty", unique=True, postgresql_where="stage = 'proposed'"),
    Index(
        "uq_duties_row",
        "unit",
        "matter",
        text("(COALESCE(topic, ''::text))"),
        text("(COALESCE(district, ''::text))"),
        "valid_from",
        unique=True,
        postgresql_where="version = 1 AND stage IN ('proposed', 'accepted')",
    ),
)
"""Every version of every row of the catalogue of duties (职责清单); what it says is never changed."""

models = Table(
    "models",
    metadata,
    Column("version", Integer, Identity(), primary_key=True),
    Column("learnt_at", DateTime, nullable=False),
    Column("cases", Integer, nullable=False, comment="from how many"),
    Column(
        "learnt",
        JSONB,
        comment="pieces of words that many persons' cases share, and their weights; the last one's only",
    ),
)
"""What was learnt from past cases, of which the last one suggests."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text),
    Column("digest", Text, nullable=False, comment="SHA-256 of the secret, hex"),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime),
    Column("revoked_at", DateTime),
    Column("used_at", DateTime, comment="last use, to a few minutes"),
    Index("ix_api_keys_client", "client"),
)

counters = Table("counters", metadata, Column("day", Date, primary_key=True), Column("last", Integer, nullable=False))
