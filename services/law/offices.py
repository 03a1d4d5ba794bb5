"""The offices that the statute names. Which role of an organ may act in them stands in each service's `policy.yaml`."""

from services.kernel.procedure import Office
from services.kernel.who import Organ

OFFICER = Office(Organ.POLICE, "officer", "办案民警")
UNIT_HEAD = Office(Organ.POLICE, "unit_head", "办案部门负责人")
COUNTY_HEAD = Office(Organ.POLICE, "county_head", "县级以上公安机关负责人")
LEGAL_DEPARTMENT = Office(Organ.POLICE, "legal_department", "公安机关法制部门")
SUPERIOR_POLICE = Office(Organ.POLICE, "superior_police", "上一级公安机关")
STATION = Office(Organ.POLICE, "station", "执行机关（派出所）")
CUSTODIAN = Office(Organ.POLICE, "custodian", "涉案财物管理人员")

CASE_MANAGEMENT = Office(Organ.PROCURATORATE, "case_management", "人民检察院案件管理部门")
PROSECUTOR = Office(Organ.PROCURATORATE, "prosecutor", "检察官")
CHIEF = Office(Organ.PROCURATORATE, "chief", "检察长")
SUPERIOR_CHIEF = Office(Organ.PROCURATORATE, "superior_chief", "上一级人民检察院检察长")
PROVINCIAL_PROCURATORATE = Office(Organ.PROCURATORATE, "provincial", "省、自治区、直辖市人民检察院")

FILING_DIVISION = Office(Organ.COURT, "filing_division", "人民法院立案庭")
JUDGE = Office(Organ.COURT, "judge", "审判员")
PANEL = Office(Organ.COURT, "panel", "合议庭")
JUVENILE_PANEL = Office(Organ.COURT, "juvenile_panel", "未成年人案件审判组织")
PRESIDENT = Office(Organ.COURT, "president", "人民法院院长")
SUPERIOR_COURT = Office(Organ.COURT, "superior_court", "上级人民法院")
HIGH_COURT = Office(Organ.COURT, "high_court", "高级人民法院")
SUPREME_COURT = Office(Organ.COURT, "supreme_court", "最高人民法院")

INTAKE = Office(Organ.DETENTION_CENTER, "intake", "看守所收押岗")
CENTER = Office(Organ.DETENTION_CENTER, "center", "看守所")
LEGAL_AID_AGENCY = Office(Organ.JUSTICE_BUREAU, "legal_aid_agency", "法律援助机构")
PRISON = Office(Organ.PRISON, "prison", "监狱")
PARTY = Office(Organ.PARTY, "party", "当事人")
VICTIM = Office(Organ.PARTY, "victim", "当事人（被害人）")
SUSPECT = Office(Organ.PARTY, "suspect", "当事人（被不起诉人）")
CLOCK = Office(Organ.SYSTEM, "clock", "期限届满")
COORDINATOR = Office(Organ.SYSTEM, "coordinator", "协同中枢")

ORGAN_IN_CHARGE = Office(Organ.ORGAN_IN_CHARGE, "decision", "办案机关")
DECIDING_ORGAN = Office(Organ.DECIDING_ORGAN, "decision", "决定机关")
TRANSFERRING_ORGAN = Office(Organ.TRANSFERRING_ORGAN, "decision", "移送机关")
CONCERNED_ORGAN = Office(Organ.CONCERNED_ORGAN, "record", "经办人")
SUPERVISED_HEAD = Office(Organ.SUPERVISED_ORGAN, "supervised", "被监督单位负责人")
RECEIVING_ORGAN = Office(Organ.RECEIVING_ORGAN, "decision", "接收机关")
HANDLER = Office(Organ.HANDLING_ORGAN, "record", "办案人员")
HANDLER_IN_CHARGE = Office(Organ.ORGAN_IN_CHARGE, "record", "办案人员")
