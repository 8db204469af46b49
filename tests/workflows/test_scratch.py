from datetime import timedelta
from tests.workflows.test_signals import transferred, works_on
async def test_b(town):
    request = await transferred(town, "WATER", "HEAT")
    kept = await request.receive("sign", "unit", unit="WATER")
    forged = request.deed("return", "unit", await request.now(), unit="HEAT", id=kept.id)
    await request.signal(forged)
    await request.until_deed(kept, "applied")
    print("B", await request.events(), await request.deeds())
async def test_c(town):
    request = await transferred(town, "WATER")
    due = await request.expire("return", "WATER")
    forged = request.deed("return", "unit", due - timedelta(hours=1), unit="WATER")
    await request.signal(forged)
    await request.until(lambda f: f.case.status != "assigned")
    print("C", await request.events(), await request.deeds())
async def test_a(town):
    request = await town.register()
    deed = await request.receive("transfer", "agent", lead="WATER")
    await request.forward(timedelta(days=2))
    await request.hand_over(deed)
    await request.settled()
    print("A", await request.events())
    try:
        await request.unit("WATER", "return")
    except Exception as e: print(repr(e))
async def test_e(town):
    request = await town.register()
    await request.agent("escalate")
    await request.expire("designation", "office")
    d = await request.handle().describe()
    print("E", (await request.case()).overdue, d.typed_search_attributes)
