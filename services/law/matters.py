"""What kind of case and of person a provision is about, where a limit binds only for some.

The record says it: flags of a person (`case_record:add_person`), and facts of the steps named below. What nobody said
is not so. `services.coordinator.domain.conditions` reads them.
"""

from services.kernel.procedure import Condition

#: Flags of a person, as `case_record:add_person` takes them.
FLAGS = {
    "minor": "未成年人",
    "female": "女性",
    "disabled": "盲、聋、哑人",
    "limited_capacity": "尚未完全丧失辨认或者控制自己行为能力的精神病人",
    "deputy": "人民代表大会代表",
    "cppcc_member": "政治协商会议委员",
    "foreigner": "外国人",
    "public_employee": "机关、事业单位工作人员",
    "supervision_case": "监察机关移送的案件",
    "victim": "被害人",
    "vulnerable": "怀孕或者正在哺乳的妇女、不满十六周岁或者七十周岁以上的人",
}
#: Facts of the steps of `case_intake`: what the case is about, and from where it came.
CASE_FACTS = {
    "category": {
        "economic": "经济犯罪",
        "self_investigated": "人民检察院直接受理侦查",
        "state_security": "危害国家安全犯罪",
        "terrorism": "恐怖活动犯罪",
    },
    "source": {"administrative_agency": "行政执法机关移送", "complaint": "控告"},
}
#: Facts of a noted event (`legal_record:note_event`): what it was about.
NOTE_FACTS = {
    "permit": "会见须经许可",
    "access": {"files": "律师以外的辩护人申请阅卷、会见、通信", "victim": "律师申请向被害人等收集材料"},
    "defence": "控告所行使的诉讼权利受到阻碍",
}

# 案件
GENERAL_REPORT = Condition("general_report", "不是经济犯罪，也不是行政执法机关移送")
ECONOMIC = Condition("economic", "经济犯罪案件")
ECONOMIC_REPORT = Condition("economic_report", "经济犯罪而不是行政执法机关移送")
FROM_AGENCY = Condition("from_agency", "行政执法机关移送而不是经济犯罪")
ECONOMIC_FROM_AGENCY = Condition("economic_from_agency", "行政执法机关移送的经济犯罪案件")
INCOMPLETE_FROM_AGENCY = Condition("incomplete_from_agency", "行政执法机关移送的材料不全")
COMPLAINT = Condition("complaint", "有控告人")
BY_LETTER = Condition("by_letter", "群众来信")
SELF_INVESTIGATED = Condition("self_investigated", "人民检察院直接受理侦查的案件")
BEFORE_FILING = Condition("before_filing", "立案以前")
NO_MEASURE = Condition("economic_no_measure", "经济犯罪案件而未采取强制措施")
SELF_INVESTIGATED_NO_MEASURE = Condition("self_investigated_no_measure", "人民检察院直接受理侦查的案件而未采取强制措施")
REFUSED_FILING = Condition("refused_filing", "已经决定不予立案")
UNDECIDED_FILING = Condition("undecided_filing", "逾期没有作出立案或者不予立案决定")

# 人
FOREIGNER = Condition("foreigner", "外国人")
PUBLIC_EMPLOYEE = Condition("public_employee", "机关、事业单位工作人员")
MEASURE_BY_PROCURATORATE = Condition("public_employee_by_procuratorate", "人民检察院决定，而其为机关、事业单位工作人员")
WITH_VICTIM = Condition("with_victim", "有被害人")
FROM_SUPERVISION = Condition("supervision_case", "监察机关移送的案件")
NOT_FROM_SUPERVISION = Condition("no_supervision_case", "不是监察机关移送的案件")

VULNERABLE = Condition("vulnerable", "怀孕或者正在哺乳的妇女、不满十六周岁或者七十周岁以上的人")

# 阶段和决定
UNDER_REVIEW = Condition("under_review", "案件在审查起诉阶段")
THIRTY_DAYS = Condition("thirty_days", "拘留期限延长至三十日")
DEPOSIT_FORFEITED = Condition("deposit_forfeited", "没收保证金")
GUARANTOR_FINED = Condition("guarantor_fined", "对保证人罚款")
NO_CRIME = Condition("no_crime", "因没有犯罪事实、依法不追究刑事责任或者不是犯罪嫌疑人所为而不批准逮捕")
DISCRETIONARY = Condition("discretionary", "依照刑事诉讼法第一百七十七条第二款不起诉")
FAST_SUGGESTED = Condition("fast_suggested", "公安机关建议适用速裁程序")
PUBLIC_TRIAL = Condition("public_trial", "公开审判")
PRONOUNCED_IN_COURT = Condition("pronounced_in_court", "当庭宣判")
APPEALED = Condition("appealed", "提出上诉、抗诉")
BELOW_MINIMUM = Condition("below_minimum", "在法定刑以下判处刑罚而没有上诉、抗诉")
TRANSFER_ASKED = Condition("transfer_asked", "请求移送中级人民法院")
EXTENSION_ASKED = Condition("extension_asked", "申请延长审理期限而没有批准")
RIGHTS_ONLY = Condition("rights_only", "单处剥夺政治权利")

# 财物
PROPERTY_JUDGED = Condition("property_judged", "判决处理了查封、扣押、冻结的财物")
TAKEN_BY_POLICE = Condition("taken_by_police", "公安机关扣押")
TAKEN_BY_PROCURATORATE = Condition("taken_by_procuratorate", "人民检察院扣押")
FUNDS = Condition("funds", "存款、汇款等资金")
FUNDS_MAJOR = Condition("funds_major", "重大、复杂案件的存款、汇款等资金")
SECURITIES = Condition("securities", "债券、股票、基金份额等证券")
EQUITY = Condition("equity", "股权、保单权益和其他投资权益")

# 辩护
AT_TRIAL = Condition("at_trial", "案件在审判阶段")
AIDED_BY_COURT = Condition("aided_by_court", "人民法院已通知法律援助机构指派律师")
MEETING = Condition("meeting", "会见不需要许可")
MEETING_BY_PERMIT = Condition("meeting_by_permit", "侦查期间危害国家安全犯罪、恐怖活动犯罪案件")
ACCESS_TO_FILES = Condition("access_to_files", "律师以外的辩护人申请阅卷、会见、通信")
ACCESS_TO_VICTIM = Condition("access_to_victim", "律师申请向被害人等收集材料")
DEFENCE_OBSTRUCTED = Condition("defence_obstructed", "认为行使诉讼权利受到阻碍")

# 监督
REPLY_UNSTATED = Condition("reply_unstated", "检察建议书没有另行载明回复期限")

# 行政案件和特别程序
ADMINISTRATIVE = Condition("administrative", "行政案件")
HANDLED_FAST = Condition("handled_fast", "适用快速办理")
CONFISCATION = Condition("confiscation", "没收违法所得案件")
TREATMENT = Condition("treatment", "强制医疗案件")
