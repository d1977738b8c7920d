"""Common clinical abbreviations, for questions that use one which the paper never defines.

General usage (as in the abbreviation lists of clinical handbooks); a paper's
own definition always comes first. Each entry: short form, long forms.
"""

from __future__ import annotations

from functools import lru_cache

_TABLE = """
abg: arterial blood gas
abx: antibiotics
ace: angiotensin converting enzyme
acth: adrenocorticotropic hormone
af: atrial fibrillation
aih: autoimmune hepatitis
aki: acute kidney injury
alp: alkaline phosphatase
alt: alanine aminotransferase; alanine transaminase
ana: antinuclear antibody
anca: antineutrophil cytoplasmic antibody
aptt: activated partial thromboplastin time
ards: acute respiratory distress syndrome
ast: aspartate aminotransferase; aspartate transaminase
bal: bronchoalveolar lavage
bid: twice a day; twice daily
bmi: body mass index
bnp: brain natriuretic peptide
bp: blood pressure
bpm: beats per minute
bun: blood urea nitrogen
bx: biopsy
cabg: coronary artery bypass
cad: coronary artery disease
cbc: complete blood count
chf: congestive heart failure
ci: confidence interval
ck: creatine kinase; creatine phosphokinase
ckd: chronic kidney disease
cns: central nervous system
copd: chronic obstructive pulmonary disease
cpk: creatine phosphokinase; creatine kinase
cr: creatinine
crp: c-reactive protein
csf: cerebrospinal fluid
ct: computed tomography
cva: stroke; cerebrovascular accident
cxr: chest x-ray; chest radiograph
dbp: diastolic blood pressure
dmard: disease-modifying antirheumatic drug
dvt: deep vein thrombosis
dx: diagnosis
ecg: electrocardiogram
echo: echocardiogram; echocardiography
ed: emergency department
eeg: electroencephalogram
ef: ejection fraction
egfr: glomerular filtration rate
ekg: electrocardiogram
elisa: enzyme-linked immunosorbent assay
emg: electromyography
er: emergency department; emergency room
esr: erythrocyte sedimentation rate
fev1: forced expiratory volume
ffp: fresh frozen plasma
fhx: family history
fx: fracture
gcs: glasgow coma scale
gerd: gastroesophageal reflux
gfr: glomerular filtration rate
gi: gastrointestinal
hb: hemoglobin
hba1c: glycated hemoglobin
hbv: hepatitis b
hct: hematocrit
hcv: hepatitis c
hgb: hemoglobin
hiv: human immunodeficiency virus
hld: hyperlipidemia
hr: heart rate; hazard ratio
hrct: high-resolution ct; high-resolution computed tomography
htn: hypertension
hx: history
icu: intensive care unit
iga: immunoglobulin a
igg: immunoglobulin g
igm: immunoglobulin m
ihd: ischemic heart disease
inr: international normalized ratio
iv: intravenous
ivig: intravenous immunoglobulin; iv immunoglobulin
ldh: lactate dehydrogenase
lfts: liver function tests
lp: lumbar puncture
lv: left ventricle
lvef: left ventricular ejection fraction
mi: myocardial infarction
mri: magnetic resonance imaging
mtx: methotrexate
nsaid: nonsteroidal anti-inflammatory drug
nyha: new york heart association
osa: obstructive sleep apnea
pad: peripheral artery disease; peripheral arterial disease
pcr: polymerase chain reaction
pe: pulmonary embolism
pet: positron emission tomography
pft: pulmonary function
plt: platelets
pmh: past medical history
pmhx: past medical history
po: orally; by mouth
prn: as needed
psa: prostate-specific antigen
ptsd: posttraumatic stress disorder
pvd: peripheral vascular disease
qid: four times a day
qol: quality of life
ra: rheumatoid arthritis
rbc: red blood cell
rct: randomized controlled trial
rr: respiratory rate; relative risk
rx: treatment; prescription
sbp: systolic blood pressure
sle: systemic lupus erythematosus
sob: shortness of breath; dyspnea
spo2: oxygen saturation
std: sexually transmitted disease
stemi: st elevation myocardial infarction
sx: symptoms
tb: tuberculosis
tee: transesophageal echocardiogram
tia: transient ischemic attack
tid: three times a day
tnf: tumor necrosis factor
tpn: parenteral nutrition
tsh: thyroid-stimulating hormone; thyrotropin
tte: transthoracic echocardiogram; transthoracic echocardiography
tx: treatment
ua: urinalysis
uc: ulcerative colitis
uti: urinary tract infection
vas: visual analog scale
vte: venous thromboembolism
wbc: white blood cell; leukocyte
wnl: within normal limits
yo: year old
"""


@lru_cache(maxsize=1)
def clinical_abbreviations() -> dict[str, tuple[str, ...]]:
    """Return the long forms of each short form, lower case."""
    entries = (line.split(":", 1) for line in _TABLE.strip().splitlines())
    return {short: tuple(form.strip() for form in forms.split(";")) for short, forms in entries}
