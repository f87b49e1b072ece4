"""Articles written for the tests of stories: the same event told twice, and different events told alike."""

from __future__ import annotations

RADARS = """Ukraine signs deal for Kolchuga radars with Zarechny plant

Kyiv signed a contract on Tuesday with the Zarechny instrument plant for 34 Kolchuga passive radar stations, the defence ministry said.
The agreement, worth 210 million euros, was initialled by deputy minister Oleh Marchenko and the director of the plant, Ivan Sytnyk.
Deliveries are to begin in March from a depot near Lutsk and to be finished within eighteen months, Marchenko told reporters.
The stations detect aircraft by their own emissions at distances of up to 600 kilometres and emit nothing themselves.
"""
RADARS_RETOLD = """Zarechny to build 34 passive radars

A plant in Zarechny has won an order for thirty-four Kolchuga stations, 34 sets in all, officials in Kyiv confirmed late on Tuesday.
Oleh Marchenko, a deputy minister, put the price at 210 million euros. Sytnyk, who heads the works, promised first sets by March.
They will leave from Lutsk. Kolchuga listens for the radio traffic of planes as far as 600 kilometres away without giving itself up.
Analysts called the purchase overdue.
"""
#: The same day and the same two actors, another deal.
DRONES = """Ukraine and Turkish maker agree on drone engines

Kyiv will supply turboprop engines for the Akinci drone, the defence ministry said on Tuesday after talks in Ankara.
Deputy minister Oleh Marchenko and Baykar's chairman Selcuk Bayraktar signed a framework that foresees 120 AI-450 engines a year.
The motors are assembled by Ivchenko-Progress in Zaporizhzhia. No price was named; the first batch is expected in autumn.
Ankara had looked for an alternative since Canada stopped exports of optical sensors two years ago.
"""
MARKET = """Weekly grain market report, week {week}

Prices for milling wheat at the port of {port} closed the week at {wheat} dollars a tonne, free on board, traders said.
Feed barley was quoted at {barley} dollars a tonne. Maize for prompt shipment changed hands at {maize} dollars a tonne.
Stocks in coastal silos stood at {stocks} thousand tonnes. Freight rates to {where} were assessed at {freight} dollars a tonne.
This report is compiled every Friday from a survey of brokers. Prices do not include duties. All quotations are indicative.
"""
MARKETS = (
    MARKET.format(week=11, port="Constanta", wheat=231, barley=198, maize=187, stocks=412, where="Alexandria", freight=21),
    MARKET.format(week=12, port="Constanta", wheat=224, barley=203, maize=179, stocks=388, where="Alexandria", freight=23),
)
QUAKE_RU = """Землетрясение магнитудой 6,8 разрушило посёлок Усть-Камчатск

Землетрясение магнитудой 6,8 произошло ночью у берегов Камчатки, сообщил сейсмолог Геннадий Воробьёв.
В посёлке Усть-Камчатск разрушены 47 домов, пострадали 130 человек. Спасатели развернули полевой госпиталь в школе.
Губернатор Владимир Солодов ввёл режим чрезвычайной ситуации. Вулкан Шивелуч выбросил пепел на высоту 9 километров.
"""
QUAKE_RU_RETOLD = """Усть-Камчатск: 47 домов разрушены толчками

Режим чрезвычайной ситуации объявил губернатор Солодов после подземных толчков у Камчатки; магнитуда достигала 6,8.
По словам сейсмолога Воробьёва, афтершоки продолжатся неделю. В Усть-Камчатске разрушено 47 домов, число раненых достигло 130.
Полевой госпиталь спасателей работает в здании школы, а Шивелуч продолжает выбрасывать пепел.
"""
SEIZED_AR = """ضبط شحنة محركات مسيّرات في ميناء بنزرت

أعلنت الديوانة التونسية ضبط 34 محركا من طراز Rotax 912 كانت مخبأة في حاوية بميناء بنزرت قادمة من ميناء مرسين.
وقال العقيد منصف الجبالي إن الحاوية MSKU7731045 كانت مسجلة باسم شركة Delmar Trading وإن قيمتها بلغت 2750000 دولار.
وأوقفت السلطات ثلاثة أشخاص على ذمة التحقيق.
"""
SEIZED_AR_RETOLD = """الديوانة تحجز محركات طائرات مسيرة ببنزرت

حجزت مصالح الديوانة في بنزرت حاوية تحمل الرقم MSKU7731045 وبداخلها 34 محركا للطائرات المسيرة وصلت من مرسين التركية.
وأوضح العقيد الجبالي أن المحركات من نوع Rotax 912 وقيمتها 2750000 دولار وأن الشركة الموردة Delmar Trading غير معروفة لدى الجهات الجبائية.
وفتحت النيابة بحثا ضد ثلاثة موقوفين.
"""
SEIZED_EN = """Tunisian customs seize drone engines in Bizerte

Customs officers at the port of Bizerte found 34 Rotax 912 engines in container MSKU7731045, which had arrived from Mersin.
The goods were declared by Delmar Trading and are worth 2750000 dollars. Three people were detained.
"""
SANCTIONS_ZH = """欧盟制裁德尔玛贸易公司

欧盟理事会周三宣布对德尔玛贸易公司及其负责人哈桑·卡拉曼实施制裁,指控其向卡扎菲诺夫卡工厂转运四十二台数控机床。
受制裁企业在欧盟境内的资产将被冻结,总额约一千七百万欧元。布鲁塞尔官员表示机床经梅尔辛港运出。
"""
SANCTIONS_ZH_RETOLD = """四十二台数控机床案:德尔玛贸易公司被列入名单

布鲁塞尔周三把德尔玛贸易公司列入制裁名单。该公司老板哈桑·卡拉曼被指控经梅尔辛港转运四十二台数控机床,
收货方是卡扎菲诺夫卡工厂。约一千七百万欧元资产遭冻结,公司律师拒绝置评。
"""
FLOOD_ZH = """长江中游暴雨致三县停课

湖北省气象台周三发布暴雨红色预警,长江中游水位上涨,三个县的中小学停课。应急部门转移低洼地区居民两万余人,
铁路部门停运部分列车。专家提醒沿江市民远离河道,注意防范山洪和城市内涝。
"""
