"""Every closed word list of the field, with its Chinese and English label: the one source for code, screens and OpenAPI."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A code that travels and is stored, with the two labels that people read."""

    zh: str
    en: str

    def __new__(cls, code: str, zh: str = "", en: str = "") -> Self:
        word = str.__new__(cls, code)
        word._value_ = code
        word.zh = zh
        word.en = en
        return word


class Status(Word):
    """Where a case stands. What may follow is `lifecycle.MOVES`."""

    REGISTERED = "registered", "已登记", "registered"
    ANSWERED = "answered", "已答复", "answered, rating open"
    ASSIGNED = "assigned", "办理中", "with the units"
    RETURNED = "returned", "待重新交办", "back at the Centre"
    ESCALATED = "escalated", "报请指定", "before the approval office"
    REVIEW = "review", "待审核", "result under review"
    CALLBACK = "callback", "待回访", "callback open"
    SUPERVISED = "supervised", "督办中", "under supervision"
    CLOSED = "closed", "已办结", "closed"
    ARCHIVED = "archived", "已归档", "archived"


class Outcome(Word):
    """How a case ended; set when it closes, cleared when it is reopened."""

    ANSWERED = "answered", "直接答复", "answered directly"
    RESOLVED = "resolved", "已解决", "resolved, the person says so"
    UNRESOLVED = "unresolved", "未解决", "not resolved"
    UNCONFIRMED = "unconfirmed", "未能回访", "handled, the person could not or would not be asked"
    DECLINED = "declined", "不予受理", "declined"
    CEASED = "ceased", "转入法定程序", "entered a statutory procedure"
    WITHDRAWN = "withdrawn", "群众撤回", "withdrawn by the person"


class Role(Word):
    """Who acts. `SYSTEM` is the workflow itself: clocks and what follows from them."""

    CHANNEL = "channel", "受理渠道", "intake channel"
    REQUESTER = "requester", "诉求人", "requester"
    AGENT = "agent", "话务员", "agent of the Centre"
    SUPERVISOR = "supervisor", "值班长", "supervisor of the Centre"
    UNIT = "unit", "承办单位", "unit clerk"
    UNIT_LEAD = "unit_lead", "承办单位负责人", "unit lead"
    PARTNER = "partner", "加盟企业", "partner enterprise"
    OFFICE = "office", "市审批办", "approval officer"
    CALLER = "caller", "回访员", "caller-back"
    ANALYST = "analyst", "统计分析员", "analyst"
    AUDITOR = "auditor", "审计员", "auditor"
    ADMINISTRATOR = "administrator", "系统管理员", "administrator"
    SYSTEM = "system", "系统", "system"


class Act(Word):
    """What somebody does to a case; also the name of the entry that it leaves."""

    REGISTER = "register", "登记", "register"
    CLAIM = "claim", "领取", "claim"
    RELEASE = "release", "释放", "release"
    CORRECT = "correct", "更正", "correct matter or urgency"
    ANSWER = "answer", "直接答复", "answer directly"
    TRANSFER = "transfer", "转办", "transfer to units"
    REFER = "refer", "推荐加盟企业", "refer to a partner"
    DECLINE = "decline", "不予受理", "decline"
    ESCALATE = "escalate", "报请指定", "escalate to the approval office"
    RECALL = "recall", "收回", "recall"
    GRANT = "grant", "同意延期", "grant the extension"
    DENY = "deny", "不同意延期", "deny the extension"
    APPROVE = "approve", "审核通过", "approve the result"
    SEND_BACK = "send_back", "退回补办", "send the result back"
    CEASE = "cease", "终止办理", "cease: a statutory procedure began"
    OVERRIDE = "override", "值班长收回", "override"
    CONCLUDE = "conclude", "督办结案", "conclude the supervision"
    SUPPLY = "supply", "补齐档案", "supply what the archive lacks"
    JOIN = "join", "并案", "make part of a joint case"
    DETACH = "detach", "分案", "take out of the joint case"
    SIGN = "sign", "签收", "sign for"
    ASK = "ask", "询问诉求人", "ask the person"
    EXPLAIN = "explain", "说明理由", "explain a delay"
    REQUEST_EXTENSION = "request_extension", "申请延期", "request an extension"
    DECLARE_COMPLEX = "declare_complex", "声明复杂疑难", "declare complex"
    ADMIT = "admit", "决定受理", "decide to accept"
    REJECT = "reject", "决定不予受理", "decide not to accept"
    RETURN = "return", "退办", "give back"
    FEEDBACK = "feedback", "反馈结果", "report the result"
    DESIGNATE = "designate", "指定主办单位", "designate"
    REVISE = "revise", "变更指定", "revise the designation"
    ATTEMPT = "attempt", "回访", "attempt a callback"
    RATE = "rate", "评议", "rate"
    SUPPLEMENT = "supplement", "补充", "supplement"
    URGE = "urge", "催办", "urge"
    WITHDRAW = "withdraw", "撤回", "withdraw"
    DISPUTE = "dispute", "对办结有异议", "dispute the closure"
    LAPSE = "lapse", "期满", "let a window lapse"
    RECOMPUTE = "recompute", "重算期限", "recompute after a holiday notice"


class Mark(Word):
    """What a clock or the ledger writes into the file beside the acts."""

    WARNED = "warned", "临期预警", "warned"
    URGED = "urged", "到期前催办", "urged before expiry"
    OVERDUE = "overdue", "逾期", "overdue"
    NOTICED = "noticed", "催办通知书", "supervision notice"
    BULLETINED = "bulletined", "列入通报", "put on the bulletin list"
    LAPSED = "lapsed", "期满", "window lapsed"
    BREACH_WITHDRAWN = "breach_withdrawn", "撤销逾期记录", "breach withdrawn: it had arrived in time"
    DUE_MOVED = "due_moved", "期限变更", "due instant moved"
    BREACH = "breach", "违规", "breach of a duty"
    REASSIGNED = "reassigned", "重新交办", "assigned again"
    REDONE = "redone", "重办", "to be done again"
    WAIVED = "waived", "免回访", "callback waived"
    UNREACHABLE = "unreachable", "无法联系", "unreachable"
    HANDED_OVER = "handed_over", "列入执法监督移送", "queued for the enforcement-supervision platform"
    INCOMPLETE = "incomplete", "档案不完整", "archive incomplete"
    SEALED = "sealed", "封存", "sealed"
    CLOSED = "closed", "原系统办结", "closed in the older system"
    IMPORTED = "imported", "历史数据导入", "imported from an older system"
    BEFORE_RULES = "before_rules", "早于首个规则", "registered before the first rule set took effect"


class Channel(Word):
    """Where a request comes in (Art. 9 ¶1)."""

    PHONE = "phone", "电话", "telephone"
    WEB = "web", "网站", "web site"
    APP = "app", "移动应用", "mobile app"
    WECHAT = "wechat", "微信", "WeChat"
    COUNTER = "counter", "窗口", "counter"
    LETTER = "letter", "来信", "letter"
    OTHER = "other", "其他", "other"


class Matter(Word):
    """What the hotline accepts: the five items of Art. 7."""

    CONSULTATION = "consultation", "咨询", "consultation on policy, law, public services"
    HELP = "help", "突发问题与非紧急求助", "sudden problem or non-urgent help"
    ISSUE = "issue", "热点难点问题", "hot or difficult issue of social life"
    STAFF = "staff", "对工作人员的投诉举报", "complaint about an authority's staff"
    SUGGESTION = "suggestion", "意见和建议", "opinion or suggestion on the city"


class Report(Word):
    """What Art. 9 ¶2 has registered first and transferred to the competent unit."""

    UNLAWFUL = "unlawful", "投诉举报违法行为", "report of unlawful conduct"
    ACTION = "action", "请求行政机关处理", "request for an authority's action"


class Exclusion(Word):
    """What the hotline does not accept: the four items of Art. 8."""

    EMERGENCY = "emergency", "紧急救助", "danger to life or property: 110, 119, 120"
    CIVIL = "civil", "民事纠纷", "civil dispute outside administrative power"
    PROCEDURE = "procedure", "法定程序", "in a statutory procedure"
    MILITARY = "military", "军队武警管辖", "under military or armed-police jurisdiction"


class Procedure(Word):
    """The statutory procedures of Art. 8(3)."""

    LITIGATION = "litigation", "诉讼", "litigation"
    ARBITRATION = "arbitration", "仲裁", "arbitration"
    RECONSIDERATION = "reconsideration", "行政复议", "administrative reconsideration"
    PETITION = "petition", "信访复查复核", "petition review"


class Urgency(Word):
    """How soon it must be done; limits depend on it."""

    NORMAL = "normal", "一般", "normal"
    URGENT = "urgent", "紧急", "urgent: water, power, gas, heat"
    CRITICAL = "critical", "特急", "critical"


class UnitKind(Word):
    """What kind of unit (Art. 6, 11)."""

    DISTRICT = "district", "区县人民政府", "district government"
    DEPARTMENT = "department", "市人民政府部门", "municipal department"
    ENTERPRISE = "enterprise", "公共企事业单位", "public enterprise or institution"
    PARTNER = "partner", "加盟企业", "partner enterprise"


class Part(Word):
    """A unit's part in a case."""

    LEAD = "lead", "主办", "lead"
    ASSISTING = "assisting", "协办", "assisting"
    PARTNER = "partner", "加盟服务", "partner"


class Handling(Word):
    """Where one unit's handling stands. What may follow is `handling.STEPS`."""

    DELIVERED = "delivered", "待签收", "delivered"
    SIGNED = "signed", "已签收", "signed for"
    DONE = "done", "已反馈", "result reported"
    RETURNED = "returned", "已退办", "given back"
    RECALLED = "recalled", "已收回", "recalled"


class Clock(Word):
    """The clocks of a case; each limit of a rule set names one."""

    TRIAGE = "triage", "受理转办时限", "triage"
    REDISPATCH = "redispatch", "重新交办时限", "redispatch"
    SIGN = "sign", "签收时限", "sign for"
    RETURN = "return", "退办时限", "return window"
    ADMISSION = "admission", "受理决定时限", "accept / not accept decision"
    HANDLING = "handling", "办理时限", "handling"
    EXTENSION = "extension", "延期审批时限", "decision on an extension"
    DESIGNATION = "designation", "指定时限", "designation"
    REVIEW = "review", "审核时限", "review of the result"
    RATING = "rating", "即时评议时限", "rating of an answer"
    CALLBACK = "callback", "回访时限", "callback"
    TRACKING = "tracking", "网上评议时限", "rating by the tracking page"
    SUPERVISION = "supervision", "督办时限", "supervision"
    DISPUTE = "dispute", "异议期", "dispute window"
    ARCHIVE = "archive", "归档时限", "archive"


class Rating(Word):
    """The five grades of Chinese government services (好差评), best first."""

    EXCELLENT = "excellent", "非常满意", "very satisfied"
    GOOD = "good", "满意", "satisfied"
    FAIR = "fair", "基本满意", "fairly satisfied"
    POOR = "poor", "不满意", "dissatisfied"
    BAD = "bad", "非常不满意", "very dissatisfied"

    @property
    def satisfied(self) -> bool:
        return self in (Rating.EXCELLENT, Rating.GOOD, Rating.FAIR)


class Reach(Word):
    """What came of one callback attempt."""

    REACHED = "reached", "已接通", "reached"
    NO_ANSWER = "no_answer", "未接通", "no answer"
    REFUSED = "refused", "拒绝回访", "refused to be asked"


class ReplyWay(Word):
    """How a unit replied to the person (Art. 11(1))."""

    PHONE = "phone", "电话", "telephone"
    VISIT = "visit", "上门", "visit"
    MESSAGE = "message", "短信", "message"
    LETTER = "letter", "书面", "letter"
    RELAY = "relay", "由中心转告", "relayed by the Centre"


class Choice(Word):
    """How the partner was found (Art. 10(3))."""

    RECOMMENDED = "recommended", "择优推荐", "recommended by the Centre"
    CHOSEN = "chosen", "自行选择", "chosen by the person"


class PartnerKind(Word):
    """Who joins: enterprises, and what else of society takes part (Art. 20)."""

    ENTERPRISE = "enterprise", "企业", "enterprise"
    ORGANISATION = "organisation", "社会组织", "social organisation"
    VOLUNTEERS = "volunteers", "志愿者队伍", "volunteers"


class Service(Word):
    """What partners do for persons (Art. 10(3)); a list of the house."""

    LOCKS = "locks", "开锁换锁", "locks"
    PIPES = "pipes", "管道疏通", "pipes and drains"
    WIRING = "wiring", "电路维修", "wiring"
    APPLIANCES = "appliances", "家电维修", "appliances"
    HOUSEWORK = "housework", "家政保洁", "housework and cleaning"
    CARE = "care", "养老照护", "care of the old and the sick"
    MOVING = "moving", "搬家", "moving house"
    VEHICLES = "vehicles", "车辆救援", "vehicles broken down"
    LAW = "law", "法律服务", "legal advice"
    COMFORT = "comfort", "心理疏导", "counselling"


class Paper(Word):
    """What an applicant must show."""

    REGISTRATION = "registration", "营业执照或登记证书", "business licence or certificate of registration"
    LICENCE = "licence", "行业许可", "licence of the trade"
    PRICES = "prices", "价目表", "price list"
    PLEDGE = "pledge", "服务承诺书", "pledge of service"


class Membership(Word):
    """Where a partner stands. What may follow is `partners.MOVES`."""

    APPLIED = "applied", "待审查", "applied"
    CHECKED = "checked", "待决定", "checked, decision open"
    REFUSED = "refused", "不予加盟", "refused"
    ACTIVE = "active", "加盟中", "active"
    SUSPENDED = "suspended", "暂停推荐", "suspended"
    HEARING = "hearing", "拟终止", "to be terminated, is heard"
    TERMINATED = "terminated", "已终止，可申诉", "terminated, may appeal"
    APPEALED = "appealed", "申诉中", "appealed to the approval office"
    EXCLUDED = "excluded", "已除名", "excluded"
    LEFT = "left", "已退出", "left"


class MemberAct(Word):
    """What is done about a partner; also the name of the step that it leaves."""

    APPLY = "apply", "申请加盟", "apply"
    AMEND = "amend", "补正变更", "amend papers or particulars"
    CHECK = "check", "审查合格", "find the papers in order"
    ADMIT = "admit", "准予加盟", "admit"
    REFUSE = "refuse", "不予加盟", "refuse"
    SUSPEND = "suspend", "暂停推荐", "suspend"
    RESUME = "resume", "恢复推荐", "resume"
    NOTIFY = "notify", "拟终止告知", "give notice of termination"
    STATE = "state", "陈述申辩", "state one's case"
    RETAIN = "retain", "不予终止", "retain"
    TERMINATE = "terminate", "终止加盟", "terminate"
    APPEAL = "appeal", "申诉", "appeal"
    UPHOLD = "uphold", "维持终止", "uphold the termination"
    REINSTATE = "reinstate", "撤销终止", "reinstate"
    LEAVE = "leave", "退出", "leave"
    LAPSE = "lapse", "期满", "a period ends"


class Fault(Word):
    """Why a partner is suspended or its membership ended."""

    ILLEGAL = "illegal", "有违法记录", "a record of unlawful conduct"
    CONSUMERS = "consumers", "侵害消费者合法权益", "consumers' rights violated"
    QUALITY = "quality", "服务质量不合格", "poor service"
    EXPIRED = "expired", "证照过期", "a paper has expired"


class Objection(Word):
    """Where a rating stands to which a partner objects. What may follow is `ratings.STEPS`."""

    DISPUTED = "disputed", "有异议", "disputed"
    EXCLUDED = "excluded", "不计入", "excluded"
    COUNTED = "counted", "计入", "counted after all"


class Factor(Word):
    """What a partner is ranked by (Art. 24)."""

    QUALITY = "quality", "服务质量", "quality, by callbacks"
    HONESTY = "honesty", "价格诚信", "honest prices, by callbacks"
    PUNCTUALITY = "punctuality", "守时", "punctuality, by callbacks and limits kept"
    DISTRICT = "district", "本区服务", "serves this district in particular"
    LOAD = "load", "在办负荷", "open referrals"


class Voice(Word):
    """Whose opinions the hotline listens to (Art. 21)."""

    DEPUTY = "deputy", "人大代表", "deputy to the people's congress"
    MEMBER = "member", "政协委员", "member of the CPPCC"
    JOURNALIST = "journalist", "媒体记者", "journalist"
    REPRESENTATIVE = "representative", "群众代表", "representative of the public"


class Hearing(Word):
    """Where an opinion stands. What may follow is `opinions.MOVES`."""

    RECEIVED = "received", "待交办", "received"
    ASSIGNED = "assigned", "待答复", "assigned"
    ANSWERED = "answered", "待决定公开", "answered, publication open"
    PUBLISHED = "published", "已公开", "published"
    KEPT = "kept", "不公开", "not published"


class OpinionAct(Word):
    """What is done about an opinion; also the name of the step that it leaves."""

    RECEIVE = "receive", "登记", "receive"
    ASSIGN = "assign", "交办", "assign"
    ANSWER = "answer", "答复", "answer"
    SEND_BACK = "send_back", "退回重新答复", "send back"
    REWORD = "reword", "拟公开文本", "word for the public"
    PUBLISH = "publish", "公开", "publish"
    KEEP = "keep", "不予公开", "keep back"
    EFFECT = "effect", "改进落实", "record what changed"
    WARN = "warn", "预警", "the limit ends soon"
    LAPSE = "lapse", "逾期", "the limit ends"


class Sampled(Word):
    """What is sampled for a check of quality (Art. 5(5))."""

    ANSWER = "answer", "直接答复", "answers of the Centre"
    FEEDBACK = "feedback", "办理答复", "replies of units and partners"
    ATTEMPT = "attempt", "回访", "callbacks"


class Point(Word):
    """What a check of quality looks at (Art. 5(5), 17)."""

    COURTEOUS = "courteous", "用语规范", "courteous, by the standard"
    UNDERSTOOD = "understood", "理解准确", "the request was understood"
    CORRECT = "correct", "答复准确", "what was said is right"
    COMPLETE = "complete", "内容完整", "everything asked was answered"
    RECORDED = "recorded", "记录清楚", "the record is clear"


class Text(Word):
    """What kind of text a note is. Texts stay in PostgreSQL; only their IDs travel (Art. 15)."""

    REQUEST = "request", "诉求内容", "request"
    PUBLIC = "public", "公开答复", "text for the person"
    INTERNAL = "internal", "内部说明", "internal note"
    REASON = "reason", "理由", "reason"
    QUESTION = "question", "询问", "question to the person"
    COMMENT = "comment", "评价意见", "comment of the person"


class Purpose(Word):
    """What somebody reads a person's full identity for, or opens it to the units; each is on record (Art. 15)."""

    CONTACT = "contact", "联系", "contact"
    VERIFY = "verify", "核实", "verification"
    CALLBACK = "callback", "回访", "callback"
    VISIT = "visit", "现场处理", "handling on the spot"
    AUDIT = "audit", "审计", "audit"
    IDENTIFY = "identify", "核明身份", "identifying who is shielded"
    CONSENT = "consent", "同意告知承办单位", "consent to be named to the units"
    WITHDRAWN = "withdrawn", "撤回同意", "consent withdrawn"


class Change(Word):
    """What of the house's own was changed; each change is on record with its reason."""

    KEY_CREATED = "key_created", "签发密钥", "key created"
    KEY_REVOKED = "key_revoked", "吊销密钥", "key revoked"
    CALENDAR_PUBLISHED = "calendar_published", "发布放假通知", "holiday notice published"
    UNIT_SET = "unit_set", "变更单位", "unit entered or changed"
    RULES_RELEASED = "rules_released", "发布规则", "rule set released"
    RIGHTS_RELEASED = "rights_released", "发布权限", "rights released"
    SESSIONS_ENDED = "sessions_ended", "终止会话", "sessions ended"
    CASES_IMPORTED = "cases_imported", "导入历史工单", "import of an older system's cases begun"


class Ground(Word):
    """Why a file is put on a list of disposal (Art. 14)."""

    RETENTION = "retention", "保管期满", "its retention has ended"
    REQUEST = "request", "本人申请", "the person asked for it"


class Keep(Word):
    """Why appraisal strikes a file off a list of disposal."""

    PROCEEDINGS = "proceedings", "涉诉涉复议", "litigation, reconsideration or petition review"
    INQUIRY = "inquiry", "审计调查", "an audit or inquiry"
    VALUE = "value", "继续保存", "worth keeping"
    MISTAKE = "mistake", "误列", "listed by mistake"


class Stage(Word):
    """Where a list of disposal stands. What may follow is `disposal.STAGES`."""

    PROPOSED = "proposed", "已提出", "proposed"
    APPRAISED = "appraised", "已鉴定", "appraised"
    APPROVED = "approved", "已批准", "approved"
    CARRIED_OUT = "carried_out", "已销毁", "carried out"


class Review(Word):
    """Where a text stands that is to go public. What may follow is `publication.REVIEWS`."""

    PROPOSED = "proposed", "待审查", "proposed"
    PUBLISHED = "published", "已公开", "published"
    REPLACED = "replaced", "另有新稿", "replaced by a later proposal"
    REFUSED = "refused", "不予公开", "refused"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"


class Edition(Word):
    """Where a version of an answer in the knowledge base stands. What may follow is `knowledge.STEPS`."""

    PROPOSED = "proposed", "待发布", "proposed"
    RELEASED = "released", "已发布", "released"
    REPLACED = "replaced", "另有新稿", "replaced by a later proposal"
    REFUSED = "refused", "不予发布", "refused"
    WITHDRAWN = "withdrawn", "已停用", "withdrawn"


class Listing(Word):
    """Where a version of a row of the catalogue of duties stands. What may follow is `duties.STEPS`."""

    PROPOSED = "proposed", "待认可", "proposed"
    ACCEPTED = "accepted", "已认可", "accepted"
    REPLACED = "replaced", "另有新稿", "replaced by a later proposal"
    REFUSED = "refused", "不予认可", "refused"


class Wording(Word):
    """What a template words."""

    REPLY = "reply", "答复", "reply"
    REFUSAL = "refusal", "不予受理", "refusal"
    NOTICE = "notice", "通知", "notice"


class Suspect(Word):
    """Why a passage of a text that is to go public may name somebody."""

    OWN = "own", "诉求人信息", "what the person gave as name, phone, address or ID number"
    PHONE = "phone", "电话", "a telephone number"
    MAIL = "mail", "电子邮箱", "an e-mail address"
    NUMBER = "number", "证件或账号", "an ID, account or order number"
    PLATE = "plate", "车牌", "a vehicle's plate"
    DOOR = "door", "门牌", "a house, a stairway, a door"
    NAME = "name", "姓名", "somebody's name"


class Audience(Word):
    """Whom a notice is for."""

    PERSON = "person", "诉求人", "the person"
    UNIT = "unit", "承办单位", "the unit"
    CENTRE = "centre", "专线服务中心", "the Centre"
    OFFICE = "office", "市审批办", "the approval office"
