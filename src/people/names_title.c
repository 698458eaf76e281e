/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that stand around a name and say nothing of whose it is, in the languages of CLDR's major locales: forms of address,
 * degrees, offices, rooms. Particles belong to a name, but are left out as often as not. Blanks stand between words; accents,
 * case and dots are as form_read leaves them: none.
 */
#include "people/names_parts.h"

#define H WORD_HONORIFIC
#define O WORD_OFFICE
#define P WORD_PARTICLE

const struct title title_rows[] = {
    /* English */
    { "mr mister mrs ms miss mx sir dame lord lady dr doctor prof professor rev reverend hon honourable "
      "honorable rt right "
      "fr father jr junior sr senior esq esquire phd md mba dds jd qc kc obe cbe iii ii iv mobile cell work "
      "home private "
      "official real verified the his her their excellency majesty highness holiness eminence grace royal "
      "imam rabbi sheikh "
      "sheik shaikh haji hajji madam maam",
      H },
    { "president vice prime minister premier chancellor secretary state deputy acting former office cabinet "
      "desk bureau "
      "assistant chief staff ambassador consul consulate embassy senator sen congressman congresswoman "
      "representative rep "
      "governor gov mayor councillor councilor judge justice attorney general gen colonel col major maj "
      "captain capt "
      "lieutenant lt sergeant sgt admiral adm commander cmdr marshal officer director chairman chairwoman "
      "chairperson chair "
      "ceo cfo coo cto cio vp evp svp founder owner boss manager head king queen prince princess emperor "
      "duke duchess earl "
      "count countess baron baroness pope cardinal archbishop bishop speaker leader commissioner spokesman "
      "spokesperson administration ministry department residence calling speaking from of for and team line",
      O },
    /* French */
    { "mm mme mlle monsieur madame mademoiselle me maitre docteur professeur pr mgr monseigneur", H },
    { "president presidente ministre premier premiere bureau cabinet directeur directrice ambassadeur "
      "ambassadrice senateur "
      "depute maire secretaire general chef etat roi reine secretariat le la du des les",
      O },
    /* German */
    { "herr frau hr fr fraulein doktor dipl ing mag univ lic habil", H },
    { "prasident prasidentin praesident bundesprasident bundespraesident bundeskanzler bundeskanzlerin "
      "kanzler kanzlerin "
      "ministerin bundesminister ministerprasident buro buero sekretariat botschafter botschafterin "
      "burgermeister "
      "oberburgermeister direktor direktorin geschaftsfuhrer vorstand senatorin konig konigin vorzimmer "
      "leiter leiterin chef",
      O },
    /* Italian */
    { "sig sigra signor signore signora signorina dott dottssa dottore dottoressa ssa avv avvocato ing "
      "ingegnere geom arch "
      "architetto rag ragioniere onorevole on cav cavaliere comm don donna egr egregio gent gentile mons "
      "prof professoressa",
      H },
    { "presidente ministro ministra premier ufficio segreteria segretario segretaria sindaco sindaca "
      "senatore senatrice "
      "ambasciatore ambasciatrice direttore direttrice generale capo stato deputato re regina consiglio "
      "studio vicepresidente "
      "cancelliere amministratore delegato",
      O },
    /* Spanish, Portuguese, Catalan */
    { "sr sra srta senor senora senorita don dona doctor doctora lic licenciado licenciada ingeniero "
      "profesor profesora excmo "
      "excma senhor senhora doutor doutora professora dra seu sua exmo exma",
      H },
    { "presidenta ministro ministra primer primeiro oficina despacho gabinete secretaria secretario "
      "embajador embajadora "
      "embaixador embaixadora alcalde alcaldesa senador senadora diputado diputada deputado deputada "
      "gobernador governador "
      "director directora diretor diretora canciller chanceler rey reina rei rainha prefeito escritorio el "
      "vicepresidente",
      O },
    /* Dutch, Afrikaans */
    { "dhr mevr mevrouw meneer mijnheer mw heer drs mr ir meester", H },
    { "kantoor minister premier ministerpresident ambassadeur burgemeester directeur koning koningin "
      "voorzitter secretaris "
      "kabinet staatssecretaris",
      O },
    /* Danish, Norwegian, Swedish, Finnish, Icelandic */
    { "hr fr fru froken frk herra rouva neiti tri tohtori professori", H },
    { "statsminister statsrad utrikesminister kansli kontor kontoret kung drottning konge dronning "
      "ambassador "
      "borgmester borgermester direktor presidentti paaministeri ministeri ministerio toimisto kanslia "
      "johtaja suurlahettilas "
      "forseti radherra ordforande formand leder",
      O },
    /* Polish, Czech, Slovak, Slovene, Croatian */
    { "pan pani panna mgr inz hab slecna pana gospod gospa gospodin gospodja gdin gda gdja gosp gdica ing "
      "mudr judr rndr "
      "phdr doc bc",
      H },
    { "prezydent premier minister ministerstwo biuro kancelaria kancelar kancelaria ambasador dyrektor "
      "prezes marszalek senator "
      "posel burmistrz prezident predseda vlady ministr ministryne kancelar velvyslanec reditel starosta "
      "primator hejtman "
      "kancelaria veľvyslanec riaditel predsednik predsjednik predsednica predsjednica ministrica urad ured "
      "veleposlanik "
      "veleposlanica direktor kralj zupan gradonacelnik sef sekretariat",
      O },
    /* Hungarian, Romanian, Albanian, Baltic */
    { "ur dl dna dra domnul doamna domnisoara zoti zonja z ponas ponia kungs kundze harra proua uhr", H },
    { "elnok elnoke miniszterelnok miniszter hivatal iroda nagykovet igazgato polgarmester presedinte "
      "presedintele ministrul "
      "prim birou biroul cabinetul ambasador ambasadorul directorul primar presidenti kryeministri ministri "
      "zyra "
      "prezidentas prezidents ministras ministrs biuras birojs kanceleja direktorius direktors",
      O },
    /* Turkish, Azeri, Uzbek, Kazakh */
    { "sayin bay bayan bey beyefendi hanim hanimefendi efendi hoca hocam av cenap cenab muallim mualim xanim "
      "janob xonim",
      H },
    { "baskan baskani cumhurbaskani basbakan bakan bakani ofis ofisi buro burosu makam makami vali buyukelci "
      "mudur muduru "
      "belediye milletvekili prezidenti nazir bosh vaziri sadrazam padisah pasa",
      O },
    /* Indonesian, Malay, Tagalog, Vietnamese, Swahili */
    { "bapak bpk pak ibu bu tuan puan nyonya nona datuk dato tan sri tun encik cik ginoong ginang gng ong ba "
      "anh chi bwana bi "
      "mheshimiwa mzee",
      H },
    { "presiden perdana menteri kantor pejabat duta gubernur walikota bupati direktur ketua sekretaris "
      "pangulo punong ministro "
      "tanggapan tong thong thu tuong bo truong giam doc chu tich phong rais waziri ofisi balozi",
      O },
    /* Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian */
    { "господин госпожа г-н г-жа гн гжа гр гражданин тов товарищ д-р др доктор проф профессор сэр пан пани "
      "пані добродій "
      "спадар спадарыня господине госпоѓа госпођа госпођица г-ца инж инженер акад академик мисс мистер",
      H },
    { "президент премьер министр премьер-министр офис приёмная приемная канцелярия кабинет администрация "
      "посол посольство "
      "генерал полковник майор капитан адмирал маршал губернатор мэр депутат сенатор директор генеральный "
      "начальник глава "
      "председатель секретарь помощник царь император король князь патриарх вице зам заместитель президента "
      "президентка "
      "президенту премєр премєр-міністр міністр міністерка офіс приймальня канцелярія адміністрація посла "
      "голова директорка "
      "прем'єр прэзідэнт міністар офіс министър председател премиер кмет кабинета кабинетът посланик "
      "президентът министерство "
      "председник премијер министар министарка амбасадор претседател канцеларија уред градоначелник "
      "директорот офисът "
      "руководитель управление",
      O },
    /* Greek */
    { "κύριος κύριε κυρία κα κος δρ δρα δόκτωρ ιατρός καθηγητής καθηγήτρια καθ δεσποινίς μις", H },
    { "πρόεδρος πρόεδρε προέδρου πρωθυπουργός πρωθυπουργού υπουργός υπουργού γραφείο πρέσβης πρέσβειρα "
      "στρατηγός δήμαρχος "
      "διευθυντής διευθύντρια βουλευτής γραμματέας γραμματεία βασιλιάς βασιλεύς αρχηγός του της των",
      O },
    /* Arabic, Persian, Urdu, Hebrew */
    { "السيد السيدة سيد سيدة الدكتور الدكتورة دكتور دكتورة أستاذ الأستاذ الأستاذة الشيخ شيخ الشيخة الحاج حاج "
      "المهندس "
      "معالي سعادة فخامة سمو جلالة صاحب الآنسة آقای خانم جناب آقا استاد مهندس سردار حضرت صاحب مسٹر محترم "
      "محترمہ بیگم ڈاکٹر "
      "پروفیسر شری",
      H },
    { "الرئيس رئيس رئيسة الرئيسة الوزير وزير الوزيرة وزيرة الوزراء مكتب ديوان السفير سفير السفيرة المدير "
      "مدير الأمير أمير "
      "الأميرة الملك ملك الملكة الجنرال اللواء العقيد المستشار القاضي النائب الأمين العام نائب سكرتير "
      "رئيسجمهور رئیس جمهور "
      "رئیس‌جمهور نخست وزیر دفتر سفیر مدیر صدر وزیراعظم وزیر "
      "اعظم "
      "گورنر "
      "جنرل "
      "کرنل",
      O },
    { "מר גב גברת הגברת האדון אדון ד\"ר דר דוקטור פרופ פרופסור הרב רב עו\"ד אינג כבוד", H },
    { "הנשיא נשיא הנשיאה ראש הממשלה ממשלה השר שר השרה לשכת לשכה משרד השגריר שגריר אלוף רב-אלוף המנכ\"ל "
      "מנכ\"ל מנכל ראש העיר "
      "עיר חבר כנסת היועץ המלך יו\"ר מזכירות",
      O },
    /* Chinese, Japanese, Korean */
    { "先生 女士 小姐 太太 夫人 博士 教授 老师 老師 医生 醫生 律师 律師 同志 阁下 閣下 様 さま さん 殿 氏 君 "
      "くん ちゃん 先輩 님 씨 "
      "선생 선생님 박사 박사님 교수 교수님 여사 귀하 각하",
      H },
    { "主席 总统 總統 总理 總理 部长 部長 办公室 辦公室 省长 市长 市長 大使 将军 將軍 上将 经理 經理 总经理 "
      "总裁 總裁 董事长 董事 "
      "书记 書記 院长 院長 校长 校長 局长 局長 秘书 秘書 首相 总书记 皇帝 国王 大统领 大統領 総理 総理大臣 "
      "首相官邸 大臣 社長 会長 "
      "事務所 議員 知事 専務 常務 課長 官房長官 将軍 天皇 장관 총리 대통령 대통령님 회장 회장님 사장 사장님 "
      "의원 대사 장군 시장 "
      "비서실 사무실 국무총리 위원장 총장 대표 대표님 부장 실장 국회의원",
      O },
    /* Indic */
    { "श्री श्रीमती श्रीमान सुश्री कुमारी डॉ डॉक्टर डा जी साहब साहिब प्रोफेसर प्रो पंडित मिस्टर मिसेज मा माननीय महोदय सर "
      "জনাব জনাবা শ্রী শ্রীমতী ড ডা ডক্টর ডাক্তার অধ্যাপক সাহেব বাবু মিস্টার মিসেস বেগম "
      "திரு திருமதி செல்வி டாக்டர் முனைவர் பேராசிரியர் அவர்கள் ஐயா "
      "శ్రీ శ్రీమతి డాక్టర్ డా ప్రొఫెసర్ గారు కుమారి "
      "શ્રી શ્રીમતી ડૉ ડોક્ટર પ્રોફેસર કુમારી ભાઈશ્રી જી સાહેબ "
      "ਸ਼੍ਰੀ ਸ੍ਰੀ ਸ਼੍ਰੀਮਤੀ ਸ੍ਰੀਮਤੀ ਡਾ ਡਾਕਟਰ ਸਰਦਾਰ ਪ੍ਰੋਫੈਸਰ ਜੀ ਬੀਬੀ "
      "ಶ್ರೀ ಶ್ರೀಮತಿ ಡಾ ಡಾಕ್ಟರ್ ಪ್ರೊಫೆಸರ್ ಕುಮಾರಿ ಅವರು "
      "ശ്രീ ശ്രീമതി ഡോ ഡോക്ടർ പ്രൊഫസർ കുമാരി "
      "shri shree smt shrimati sri srimati kumari ji sahib saheb babu pandit garu thiru thirumathi",
      H },
    { "राष्ट्रपति प्रधानमंत्री प्रधान मंत्री मुख्यमंत्री कार्यालय राज्यपाल राजदूत सचिव जनरल निदेशक अध्यक्ष मेयर सांसद "
      "রাষ্ট্রপতি প্রধানমন্ত্রী মন্ত্রী কার্যালয় রাজ্যপাল রাষ্ট্রদূত সচিব জেনারেল পরিচালক সভাপতি মুখ্যমন্ত্রী "
      "ஜனாதிபதி குடியரசுத் தலைவர் பிரதமர் முதலமைச்சர் அமைச்சர் அலுவலகம் தூதர் இயக்குனர் "
      "రాష్ట్రపతి ప్రధానమంత్రి ముఖ్యమంత్రి మంత్రి కార్యాలయం గవర్నర్ "
      "રાષ્ટ્રપતિ વડાપ્રધાન પ્રધાનમંત્રી મુખ્યમંત્રી મંત્રી કાર્યાલય રાજ્યપાલ "
      "ਰਾਸ਼ਟਰਪਤੀ ਪ੍ਰਧਾਨ ਮੰਤਰੀ ਮੁੱਖ ਦਫ਼ਤਰ ਰਾਜਪਾਲ "
      "ರಾಷ್ಟ್ರಪತಿ ಪ್ರಧಾನಮಂತ್ರಿ ಮುಖ್ಯಮಂತ್ರಿ ಸಚಿವ ಮಂತ್ರಿ ಕಚೇರಿ "
      "രാഷ്ട്രപതി പ്രധാനമന്ത്രി മുഖ്യമന്ത്രി മന്ത്രി ഓഫീസ് ഗവർണർ "
      "rashtrapati pradhan mantri mukhyamantri neta",
      O },
    /* Georgian, Armenian, Thai */
    { "ბატონი ბ-ნი ქალბატონი ქ-ნი დოქტორი დრ პროფესორი պարոն տիկին օրիորդ դոկտոր պրոֆեսոր պրն տկն คุณ นาย นาง "
      "นางสาว ดร",
      H },
    { "პრეზიდენტი პრემიერ მინისტრი პრემიერ-მინისტრი ოფისი ელჩი დირექტორი նախագահ վարչապետ նախարար գրասենյակ "
      "դեսպան տնօրեն "
      "ประธานาธิบดี นายกรัฐมนตรี รัฐมนตรี สำนักงาน",
      O },
    /* Particles */
    { "von van der den de del della dello degli dei di da do dos das du des la le las los el al an ad as ash "
      "ar at az abu ibn "
      "bin ben bint bar ter ten zu zum zur af av op och und et and ould mac",
      P },
    { NULL, WORD_NAME },
};
