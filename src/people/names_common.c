/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that very many people have, given and family, then names that many have: a match that rests on such a word alone is
 * none. From general knowledge of the languages, as the address books of the world show them; no list was copied.
 */
#include "people/names_parts.h"

const char *const common_rows[] = {
    /* those that very many have: given names */
    "james john robert michael william david richard joseph thomas charles christopher daniel matthew "
    "anthony mark paul steven "
    "andrew george peter edward brian kevin jason jeffrey ryan jacob gary nicholas eric jonathan stephen "
    "larry justin scott "
    "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret "
    "sandra ashley kimberly "
    "emily donna michelle carol amanda melissa deborah stephanie rebecca laura helen anna maria emma julia "
    "alice jane kate",
    "jean pierre michel andre philippe alain jacques bernard marie nathalie isabelle sophie catherine "
    "francois louis claude "
    "nicolas hans klaus peter jurgen wolfgang stefan thomas andreas michael martin ursula monika petra "
    "sabine karin renate "
    "giuseppe mario antonio giovanni francesco luigi marco andrea alessandro roberto anna maria giulia "
    "francesca paola laura",
    "jose juan antonio manuel francisco carlos luis miguel jesus pedro javier maria carmen ana isabel pilar "
    "joao paulo "
    "jan piotr andrzej krzysztof anna katarzyna agnieszka tomasz pavel petr jana eva lukas josef mehmet "
    "mustafa ahmet ali "
    "ayse fatma hasan huseyin ibrahim murat istvan laszlo jozsef ion andrei elena ioana johan lars anders "
    "erik per karl",
    "александр сергей владимир андрей алексей дмитрий николай иван михаил евгений виктор юрий елена ольга "
    "татьяна наталья "
    "ирина анна мария екатерина светлана олександр иван марія γιώργος γεώργιος ιωάννης γιάννης κωνσταντίνος "
    "δημήτρης νίκος "
    "νικόλαος μαρία ελένη αικατερίνη",
    "محمد أحمد علي حسن حسين عبد الله إبراهيم خالد عمر يوسف فاطمة مريم عائشة زينب مصطفى محمود سعيد رضا דוד "
    "משה יוסף אברהם יעקב "
    "שרה רחל מרים יצחק mohamed mohammed muhammad ahmed ali hassan hussein omar yusuf fatima abdul abdullah "
    "ibrahim khalid",
    "राम कुमार देवी सुनील अमित राजेश संजय अनिल लक्ष्मी प्रिया ram kumar devi sunil amit rajesh sanjay anil raj ravi "
    "suresh priya "
    "minh anh linh thanh hoang duc tuan nguyen",
    /* and family names */
    "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez "
    "wilson anderson "
    "thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson "
    "walker young "
    "allen king wright hill scott green adams nelson baker hall rivera campbell mitchell carter roberts "
    "evans turner parker "
    "muller schmidt schneider fischer weber meyer wagner becker schulz hoffmann dubois durand bernard petit "
    "moreau "
    "rossi russo ferrari esposito bianchi romano silva santos oliveira souza fernandez gomez diaz",
    "иванов иванова петров петрова сидоров смирнов кузнецов попов васильев новиков мельник шевченко "
    "коваленко бондаренко "
    "kowalski nowak novak novotny horvat nagy kovacs szabo popescu ionescu yilmaz kaya demir hansen johansen "
    "olsen andersson "
    "johansson karlsson nielsen jensen korhonen papadopoulos παπαδόπουλος jansen devries",
    "王 李 张 張 刘 劉 陈 陳 杨 楊 黄 黃 赵 趙 吴 吳 周 徐 孙 孫 林 김 이 박 최 정 강 조 윤 장 임 佐藤 鈴木 "
    "高橋 田中 伊藤 渡辺 "
    "山本 中村 小林 加藤 サトウ スズキ タナカ wang li zhang liu chen yang huang zhao wu zhou kim lee park "
    "choi jung kang cho "
    "sato suzuki takahashi tanaka ito watanabe yamamoto nakamura kobayashi kato tran pham singh kaur sharma "
    "patel khan gupta "
    "das शर्मा सिंह वर्मा गुप्ता पटेल দাস খান রহমান ইসলাম islam rahman begum hossain cohen levi כהן לוי",
    /* those that many have */
    "gregory frank alexander raymond patrick jack dennis jerry tyler aaron adam nathan henry douglas zachary "
    "kyle walter ethan "
    "jeremy harold keith christian roger noah gerald terry sean austin arthur lawrence jesse dylan bryan joe "
    "jordan billy bruce "
    "albert willie gabriel logan alan wayne roy ralph randy eugene vincent russell louis bobby philip johnny "
    "ronald donald "
    "kenneth joshua timothy edward samuel benjamin charlotte victoria diana rachel olivia sophia grace "
    "judith rose theresa "
    "frances martha gloria evelyn teresa doris kathryn joan virginia hannah abigail megan andrea cheryl "
    "jacqueline shirley "
    "angela cynthia amy kathleen dorothy pamela nicole samantha christine brenda oliver harry oscar leonard "
    "howard stanley",
    "antoine julien olivier laurent pascal thierry christophe gerard yves guillaume marc christine sylvie "
    "martine valerie "
    "helmut horst dieter uwe heinz karl gunter werner friedrich johann ludwig heinrich johannes matthias "
    "markus christian "
    "birgit heike gisela ingrid brigitte claudia luca matteo lorenzo davide stefano paolo pietro angelo "
    "vincenzo salvatore "
    "chiara elena silvia rosa teresa lucia alejandro fernando rafael pablo diego sergio alberto eduardo "
    "jorge andres lucia "
    "marta sara cristina rosario dolores joaquim fernanda ana rita gustavo gabriela beatriz simon felix "
    "anton emil lea",
    "stanislaw jozef jerzy marek pawel michal ewa malgorzata barbara wojciech jakub vaclav jiri milan zdenek "
    "hana lenka "
    "katerina bozena ferenc sandor gabor zoltan attila katalin erzsebet mihai stefan cristian gheorghe "
    "vasile alexandru "
    "osman yusuf omer emre zeynep elif kemal mustafa serif ivan marko nikola jovan milica petar dragan ana "
    "ivana josip "
    "erik nils ole knut jorgen soren henrik magnus gustav olof astrid ingrid kristina birgitta mikko juha "
    "timo matti jean",
    "борис игорь олег павел роман антон максим артём константин тарас леся пётр лев фёдор никита анатолий "
    "валерий "
    "григорий людмила галина надежда валентина вера любовь лариса юлия дарья ксения алексий андрій сергій "
    "петро оксана "
    "василий станислав вячеслав тодор христо георги димитър любомир вук јосип никола милан јован",
    "ανδρέας παναγιώτης χρήστος βασίλης αθανάσιος σπύρος θεόδωρος ευάγγελος σοφία βασιλική αγγελική γεωργία "
    "μιχάλης μίκης "
    "سامي طارق ناصر جمال صلاح كريم نور ليلى سعاد هدى جمال عثمان حامد رشيد سليمان داود موسى عيسى צבי שמואל "
    "חיים מנחם אליעזר "
    "שלמה דניאל מיכאל חנה לאה אסתר nasser jamal karim layla nour salah samir tariq mahmoud mustafa",
    "mukherjee banerjee chatterjee ghosh bose roy sen nair menon reddy rao iyer naidu verma mishra yadav "
    "jain shah mehta desai "
    "joshi kulkarni nehru gandhi shastri chandra prasad lal mohan krishna lakshmi ganesh vijay anand ashok "
    "deepak manoj "
    "विजय अशोक दीपक मनोज मोहन लाल चंद्र गांधी रमेश सुरेश महेश गीता सीता",
    "phillips stewart morris rogers reed cook morgan bell murphy bailey cooper richardson cox howard ward "
    "torres peterson gray "
    "watson brooks kelly sanders price bennett wood barnes ross henderson coleman jenkins perry powell long "
    "patterson hughes "
    "washington butler simmons foster bryant alexander russell griffin hayes myers ford hamilton graham "
    "sullivan wallace woods "
    "cole west jordan owens reynolds fisher ellis harrison gibson cruz marshall ortiz murray freeman wells "
    "webb simpson stevens "
    "tucker porter hunter hicks crawford henry boyd mason morales kennedy warren dixon ramos reyes burns "
    "gordon shaw holmes rice",
    "koch richter bauer klein wolf schroder neumann schwarz zimmermann braun kruger hofmann hartmann lange "
    "werner krause lehmann "
    "maier kohler herrmann walter konig mayer huber kaiser fuchs laurent simon michel lefebvre leroy roux "
    "david bertrand morel "
    "fournier girard bonnet dupont lambert fontaine rousseau vincent colombo ricci marino greco bruno gallo "
    "conti costa giordano "
    "mancini rizzo lombardi moretti barbieri fontana santoro mariani ferreira pereira lima costa ribeiro "
    "alves carvalho almeida "
    "gomes martins araujo melo barbosa rocha dias nunes moreno jimenez ruiz alvarez romero alonso gutierrez "
    "navarro torres",
    "朱 马 馬 胡 郭 何 高 罗 羅 郑 鄭 梁 谢 謝 宋 唐 许 許 邓 鄧 冯 馮 韩 韓 曹 曾 彭 萧 蔡 潘 田 董 袁 于 "
    "余 叶 葉 蒋 蔣 杜 苏 蘇 "
    "魏 程 吕 丁 沈 任 姚 卢 傅 钟 姜 崔 谭 廖 范 汪 陆 金 石 戴 贾 韦 夏 邱 方 侯 邹 熊 孟 秦 白 江 阎 薛 "
    "闫 段 雷 龙 史 陶 贺 顾 毛 "
    "한 오 서 신 권 황 안 송 류 유 홍 전 고 문 손 양 배 백 허 남 노 심 하 吉田 山田 佐々木 山口 松本 井上 "
    "木村 林 清水 斎藤 "
    "hu guo he gao luo zheng liang xie song tang xu deng feng han cao peng zeng lin sun zhu ma oh seo shin "
    "kwon hwang ahn song "
    "yoshida yamada sasaki yamaguchi matsumoto inoue kimura hayashi shimizu saito abe mori ikeda hashimoto "
    "ishikawa ogawa",
    NULL,
};

const size_t common_very = 9;
