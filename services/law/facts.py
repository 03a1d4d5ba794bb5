"""What acts state beyond their papers: the words of `tells`, each with its name on the wire and its kind."""

from services.kernel.facts import Fact, Vocabulary

WORDS = Vocabulary(
    # 时间、地点、在场的人
    Fact("started_at", "开始时间", "moment"),
    Fact("ended_at", "结束时间", "moment"),
    Fact("place", "地点", "text"),
    Fact("officers", "办案人员", "names"),
    Fact("witnesses", "见证人", "names"),
    Fact("adults_present", "在场成年人", "names"),
    Fact("woman_officer_present", "女性工作人员在场", "yes"),
    Fact("recorded", "同步录音录像", "yes"),
    Fact("interpreter", "翻译", "text"),
    Fact("signed", "签名确认", "yes"),
    Fact("pass_number", "提讯提解证编号", "text"),
    Fact("rights_told", "告知权利", "yes"),
    # 询问、搜查、查封、扣押
    Fact("label", "被询问人", "text"),
    Fact("capacity", "被询问人身份", "text"),
    Fact("minor", "未成年", "yes"),
    Fact("searched", "搜查对象", "text"),
    Fact("searched_present", "被搜查人或者其家属在场", "yes"),
    Fact("urgency", "紧急情况", "text"),
    Fact("things", "财物", "names"),
    # 提讯、会见
    Fact("valid_from", "有效期自", "moment"),
    Fact("valid_until", "有效期至", "moment"),
    Fact("mode", "讯问方式", "text"),
    Fact("slot", "预约编号", "text"),
    Fact("refusal", "不予安排理由", "text"),
    Fact("lawyers", "律师", "names"),
    Fact("permit", "须经许可", "yes"),
    # 收押、分押
    Fact("sex", "性别", "text"),
    Fact("born_on", "出生日期", "moment"),
    Fact("health", "健康状况", "text"),
    Fact("unfit", "不宜收押情形", "text"),
    Fact("cell", "监室", "text"),
    Fact("adult", "成年", "yes"),
    Fact("convicted", "已决", "yes"),
    Fact("apart_from", "分押人员", "names"),
    # 换押、核对
    Fact("return_reason", "不予受理理由", "text"),
    Fact("checked_on", "核对日期", "moment"),
    Fact("objection", "异议", "text"),
    Fact("answer", "答复", "text"),
    # 当事人的身份、辩护、程序的适用
    Fact("permitted_on", "代表许可日期", "moment"),
    Fact("caught_in_act", "现行犯", "yes"),
    Fact("informed_on", "通报政协日期", "moment"),
    Fact("lawyer_signed", "辩护律师签名", "yes"),
    Fact("lawyer_is_kin", "律师系办案人员近亲属", "yes"),
    Fact("unsigned_ground", "不需要签署的情形", "text"),
    Fact("no_exclusion", "没有不适用的情形", "yes"),
    Fact("no_notice", "不通知理由", "text"),
    # 财物的清点和处理
    Fact("counted", "清点数量", "number"),
    Fact("counted_value", "清点金额", "number"),
    Fact("counted_items", "逐件清点", "table"),
    Fact("treatment", "处理方式", "text"),
    # 监督意见
    Fact("addressee", "被监督单位", "text"),
    Fact("concerning", "监督内容", "text"),
    Fact("reply_by", "回复期限", "moment"),
    # 冻结、查封：以账号或者权证编号识别，期限以协助机关的回执为准，已被冻结的轮候
    Fact("account", "账号或者权证编号", "text"),
    Fact("institution", "协助机关", "text"),
    Fact("waiting", "轮候", "yes"),
    Fact("until", "控制期限至", "moment"),
    # 封存的记录的查询
    Fact("reader", "查询单位", "text"),
    Fact("readable_until", "查询期限至", "moment"),
    # 承办人、案号、到案
    Fact("handled_by", "承办人", "text"),
    Fact("case_number", "案号", "text"),
    Fact("arrived_at", "到案时间", "moment"),
    # 只用于补充登记：按文书编号列明的制作、批准、送达，以及身份和所有人
    Fact("papers", "文书情况", "table"),
    Fact("identity", "身份情况", "text"),
    Fact("owner", "财物所有人", "text"),
)

#: What some facts may say: the word on the wire, and in Chinese.
WORDS_OF = {
    "mode": {"on_site": "现场讯问", "remote": "远程讯问", "taken_out": "提解出所"},
    "refusal": {
        "no_pass": "提讯提解证不符",
        "officers": "办案人员与证件不符或者不足二人",
        "papers_incomplete": "证件、委托手续不齐备",
        "no_permit": "须经许可而没有许可",
        "ill": "在押人员的身体状况不宜",
        "no_room": "没有空余的讯问室、会见室",
    },
    "return_reason": {
        "not_accepted": "案件没有受理",
        "no_jurisdiction": "不属于本机关管辖",
        "papers_incomplete": "材料不齐",
        "wrong_person": "人员与案卷不符",
        "wrong_term": "羁押期限与案卷不符",
    },
    "sex": {"male": "男", "female": "女"},
    "no_notice": {"unreachable": "无法通知", "hinders": "有碍侦查"},
    "unsigned_ground": {
        "disabled": "盲、聋、哑人",
        "limited_capacity": "尚未完全丧失辨认或者控制自己行为能力的精神病人",
        "minor_objection": "未成年人的法定代理人、辩护人有异议",
    },
}

#: Who may only be put under a measure with leave, or with notice; said with every measure that it concerns.
DEPUTIES = "代表许可日期、现行犯、通报政协日期"
