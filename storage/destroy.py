"""`destroy`: the function of the database by which a case's words leave the record, and no other way (decision 0019)."""

from __future__ import annotations

from domain.disposal import BASIS
from domain.vocabulary import Stage, Status
from storage.tables import PERSON

_PERSON = ", ".join(PERSON)
_BASIS = " ".join(f"WHEN '{ground}' THEN '{basis}'" for ground, basis in BASIS.items())

DESTROY = f"""
    CREATE OR REPLACE FUNCTION destroy(asked text, instant timestamptz) RETURNS void
    SECURITY DEFINER SET search_path = public, pg_temp LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM disposals WHERE case_number = asked) THEN RETURN; END IF;
        PERFORM FROM cases WHERE number = asked FOR UPDATE;
        INSERT INTO disposals (case_number, list, at, ground, basis, approved_by, entries, chain,
                               texts, attachments, bytes, identity)
        SELECT asked, l.id, instant, i.ground, CASE i.ground {_BASIS} END, l.approved_by, c.entries, c.chain,
               (SELECT count(*) FROM notes WHERE case_number = asked),
               (SELECT count(*) FROM attachments WHERE case_number = asked),
               (SELECT coalesce(sum(length), 0) FROM attachments WHERE case_number = asked),
               EXISTS (SELECT FROM people WHERE case_number = asked AND coalesce({_PERSON}) IS NOT NULL)
        FROM disposal_items i JOIN disposal_lists l ON l.id = i.list JOIN cases c ON c.number = i.case_number
        WHERE i.claims = asked AND l.stage = '{Stage.APPROVED}' AND c.status = '{Status.ARCHIVED}';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the case stands on no approved list' USING ERRCODE = 'insufficient_privilege';
        END IF;
        UPDATE disclosures SET note = NULL WHERE case_number = asked;
        UPDATE checks SET remark = NULL WHERE case_number = asked;
        UPDATE rating_steps SET reason = '' WHERE case_number = asked;
        DELETE FROM notes WHERE case_number = asked;
        DELETE FROM attachments WHERE case_number = asked;
        DELETE FROM publications WHERE case_number = asked;
        DELETE FROM people WHERE case_number = asked;
        DELETE FROM vault.case_keys WHERE case_number = asked;
        IF NOT EXISTS (SELECT FROM cases part JOIN cases one ON one.joint = part.joint WHERE one.number = asked
                       AND NOT EXISTS (SELECT FROM disposals WHERE case_number = part.number)) THEN
            UPDATE joints SET title = '' WHERE id = (SELECT joint FROM cases WHERE number = asked);
            UPDATE joint_acts SET digest = '' WHERE joint = (SELECT joint FROM cases WHERE number = asked);
        END IF;
        UPDATE deeds SET digest = '' WHERE case_number = asked;
        UPDATE cases SET intake_digest = '' WHERE number = asked;
    END $$
"""
"""The one way by which a text leaves the record: all of a case's words at once, and only from an approved list."""
