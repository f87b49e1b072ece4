"""Words that say nothing of what an article is about, by language: articles, prepositions, pronouns, auxiliaries, and what news
says on every page (said, according to, year, people).

They are left out of the terms by which articles are compared. Frequencies counted while running find such words by
themselves; the lists are for the first hundred articles, and for a language of which few articles come. A word missing here
costs little, so the lists are short; a name or an event does not belong into them.

This room knows only str.
"""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = """
a an the and or but nor not no of in on at to for from by with without as is are was were be been being am has have had having do does
did done doing will would shall should can could may might must this that these those it its he him his she her hers they them their we
us our you your i me my mine who whom whose which what when where why how there here then than so such if because while during since
until about above below after before again against all any both each few more most other others some same own too very just also only
even still yet already now up down out over under off into onto through between among across behind per via around near within upon amid
s t d ll re ve m isn aren wasn weren don doesn didn won wouldn couldn hasn haven hadn one two three first second last next new old many
much several another every either neither said say says saying told tell according report reports reported reporting news statement
added year years month months week weeks day days today yesterday tomorrow hour hours time times people man men woman women make made
makes making take took taken takes get got gets go goes going went gone come came comes know known see seen saw think like well back way
part just monday tuesday wednesday thursday friday saturday sunday reuters ap afp updated read image photo caption getty images
"""
_FRENCH: Final = """
le la les un une des du de d l au aux et ou mais donc ni que qu qui quoi dont où ce cet cette ces c se s sa son ses leur leurs il elle
ils elles on nous vous je tu y en ne n pas plus moins très est sont était étaient être été a ont avait avoir fait faire par pour sur
sous dans avec sans entre après avant depuis pendant contre chez vers selon comme si aussi tout tous toute toutes autre autres même deux
an ans année années jour jours heure heures ainsi alors encore déjà dit déclaré lundi mardi mercredi jeudi vendredi samedi dimanche
"""
_SPANISH: Final = """
el la los las un una unos unas de del al y e o u pero ni que quien cual cuyo este esta estos estas ese esa eso esto lo le les se su sus
mi tu nos en con sin por para sobre entre hasta desde hacia contra según durante tras como más menos muy también ya no sí es son era
eran fue fueron ser sido ha han había haber está están estar dijo año años día días hora horas dos todo todos toda todas otro otra otros
otras lunes martes miércoles jueves viernes sábado domingo
"""
_GERMAN: Final = """
der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine von vom zu zum zur in im ins an am auf aus bei
beim mit nach seit vor für über unter um durch gegen ohne zwischen bis als wie wenn dass ob weil ist sind war waren sein gewesen hat
haben hatte hatten wird werden wurde wurden worden kann können soll sollen muss er sie es wir ihr ich man sich seine seinen seiner ihre
ihren ihrer dieser diese dieses auch noch nur schon mehr sehr so jahr jahre jahren tag tage tagen uhr sagte nach montag dienstag
mittwoch donnerstag freitag samstag sonntag
"""
_PORTUGUESE_ITALIAN: Final = """
o os as um uma uns umas do da dos das no na nos nas ao aos à às pelo pela e ou mas que quem se seu sua seus suas em com sem por para
sobre entre até desde como mais muito também já não é são era foi foram ser sido tem têm há ano anos dia dias disse il lo gli i uno
della dello delle degli dei del nel nella nei nelle sul sulla al alla ai alle dal dalla ed ma che chi cui si suo suoi loro con per tra
fra come più anche già non sono era erano stato stata stati essere ha hanno aveva anno anni giorno giorni detto
"""
_TURKISH: Final = """
ve veya ya da de ki bir bu şu o ile için gibi kadar göre sonra önce olarak olan olduğu olduğunu oldu olacak ise mi mı mu mü ne değil çok
daha en her hiç bazı tüm bütün diye dedi söyledi belirtti ifade etti eden edildi yapılan yıl yılı gün günü saat iki ancak ama fakat
üzere karşı arasında tarafından nedeniyle onun bunu
"""
_RUSSIAN: Final = """
и в во на с со к ко о об от до из за по под над при про для без через между перед после у не ни но а или да что чтобы как так также же
ли бы если когда где который которая которое которые которых которым которого это этот эта эти этого этой этом тот та те того той том он
она оно они его ее их ему ей им мы нас нам вы вас я меня мне себя свой свои своей своих был была было были быть есть будет будут стал
стала уже еще только более менее очень все всех всем весь вся год года году лет день дня дней время часов один два сообщил сообщила
сообщает заявил заявила отметил сказал словам данным около
"""
_UKRAINIAN: Final = """
і й та у в на з із зі до від за по під над при про для без через між перед після не ні але а або що щоб як так також же чи якщо коли де
який яка яке які яких цей ця це ці цього той він вона воно вони його її їх був була було були бути є буде вже ще тільки все всіх рік
року років день повідомив заявив
"""
_ARABIC: Final = """
في من الى على عن مع بين حتى منذ خلال بعد قبل عند لدى نحو ضد حول دون بدون غير سوى كما ان انه انها انهم كان كانت كانوا يكون تكون ليس ليست
لم لن لا ما هل قد لقد هو هي هم هما نحن انا انت هذا هذه هذان هؤلاء ذلك تلك الذي التي الذين اللذين اللواتي حيث حين عندما بينما لكن او ثم
اذا اذ بل كل جميع بعض اي ايضا فقط جدا اكثر اقل اول اخر اخرى عدد عام سنه يوم ايام شهر ساعه اليوم امس غدا قال قالت اكد اكدت اضاف اضافت
اعلن اعلنت ذكر ذكرت اوضح اشار صرح وفق وفقا بحسب حسب تم يتم عبر الخبر به بها بهم له لها لهم فيه فيها منه منها عليه عليها اليه اليها عنه
عنها ضمن مثل احد احدى اثر الان السبت الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعه
"""
_PERSIAN: Final = """
و در به از که را با این ان برای تا بر است بود شد شده می های ها هم یک دو سه خود کرد کرده کند کنند دارد داشت باید نیز اما اگر یا هر همه پس
پیش بین روی زیر بی او ما شما انها وی گفت افزود اعلام گزارش سال روز ماه ساعت نیست هست بودند شدند
"""
_HEBREW: Final = """
של את על עם אל מן בין כי לא כן גם או אך אבל אם כל זה זו זאת אלה הוא היא הם הן אני אנחנו אתה היה היתה היו יהיה יש אין אשר כאשר כדי לפני
אחרי עד רק עוד כבר מאוד יותר לפי אמר אמרה שנה שנים יום ימים היום אתמול שני אחד אחת
"""
_KOREAN: Final = (
    "있다 했다 한다 이다 된다 것이다 있는 하는 것은 것을 등을 위해 대한 대해 따르면 밝혔다 말했다 지난 이번 오전 오후 기자 뉴스"
)

#: Written as they are folded by ``text.fold`` or not: whoever uses them folds them.
COMMON_WORDS: Final[tuple[str, ...]] = tuple(
    " ".join(
        (
            _ENGLISH,
            _FRENCH,
            _SPANISH,
            _GERMAN,
            _PORTUGUESE_ITALIAN,
            _TURKISH,
            _RUSSIAN,
            _UKRAINIAN,
            _ARABIC,
            _PERSIAN,
            _HEBREW,
            _KOREAN,
        )
    ).split()
)
#: Han and kana that are grammar nearly wherever they stand: a pair of characters with one of them names nothing.
COMMON_CHARACTERS: Final = frozenset(
    "的了是在和与及有为也不这那就都而其以于个们说" + "のはがをにでとものへやかられるたてなしすまさあいうえおこそりくけきっ"
)
