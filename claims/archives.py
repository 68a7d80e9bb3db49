"""Members of the archives that are built here from single files: name and sha256 of each, in the order of the names."""

from __future__ import annotations

__all__ = ["NOVELS", "QLORA"]

NOVELS = (
    ("Anon_Clara_1864.txt", "85ddce60b1b47a85654903f6d28c60a1351e0ac338594e06ec577df8d3a621f6"),
    ("Barclay_Postern_1911.txt", "cb953c28b3a1707e1c41724285103960a82f4ea67cd7cbc4482ee3a8cffb301c"),
    ("Bennet_Helen_1910.txt", "f1e932c25b2ba05a668950add48e177fc6ae85ddb313d2e163a97499999f6f7d"),
    ("Blackmore_Erema_1877.txt", "7979b71fe357c71730400c258733b050dba0e9e245ac04a0ce8572d424523650"),
    ("Braddon_Audley_1862.txt", "d842ec235b93ffc3494cd00a65f9258ddddb8861e0c8ec5dc366173d7c9dd099"),
    ("Burnett_Lord_1886.txt", "516484062347814d52f2c5d2a815fdcc5634d34bcb0e364415de48d224104720"),
    ("Cbronte_Jane_1847.txt", "b90cf982eab5d5f07da1ab9fdd6890e46817d4186511dac74564917a19cb8b1b"),
    ("Chesterton_Napoleon_1904.txt", "8e9d391d6c3ea753ada69201afb3bb39749c84c27947296e2c07c2762557e904"),
    ("Conrad_Almayer_1895.txt", "75621bf095c2435962463d95691f8d99cb4cc1c7f8da74a816923df67ce3dd07"),
    ("Corelli_Romance_1886.txt", "c7df7ac704354c8cfba3b5c8fe5174892a4a20706e8855f185ec91df6b86e7e0"),
    ("Dickens_Oliver_1839.txt", "7e468c526c2616648f1940b47d769c657487eb48b25223c0f3feb018de484a1c"),
    ("Doyle_Hound_1902.txt", "af0c16569cb5aee4e984b1a3fc8cd0754cdfe301f1b830d28601a50f1e777104"),
    ("Eliot_Felix_1866.txt", "3401069a8704994a971b9fcc39678975d39007155d61e4b24d1ac8152afe24a1"),
    ("Ford_Girl_1907.txt", "5d52ea5b0f0b62cf2f9f2bca1cbdb56cc2c9bbddc029ddd63286d60440323eb8"),
    ("Forster_Angels_1905.txt", "f4a19834325bcc493602b4b5e6155bd8da62729640e57d017b4e9cc800eab153"),
    ("Galsworthy_Saints_1919.txt", "48c581c077f4b4c5c9109794f63bf21fff6e19ffe238a8c39dff7dbbf5c072ce"),
    ("Gaskell_Ruth_1855.txt", "97869154377078f8713c788dd546e794ed7adcc9c139b7b2b71194526b8d2a82"),
    ("Gissing_Warburton_1903.txt", "29ff069e5278ed0da04fddc33316f0f5043f8d88f45e3be540b994890f1585e7"),
    ("Haggard_Mines_1885.txt", "96162f8c51b25587769b13a7a0a663f9a35dd2b7e4a2f0c508b735c178589d18"),
    ("Hardy_Madding_1874.txt", "1118f019071e003741e41d17808846b35052fccb6ec9ae68eb54e013cbc7466c"),
    ("James_Roderick_1875.txt", "e1af1496ab543d24bb15894cc14800ab817bea556f120cbf700a0390e95a1837"),
    ("Kipling_Captains_1896.txt", "4cbd826a3d084f020286923cf70773d0627ccf494521be54d84dbe967c3b509f"),
    ("Lawrence_Peacock_1911.txt", "adb0524f9d63d3ee47c58119bbcb111ac854555b52df73863e8150f7b0b8ac98"),
    ("Lee_Penelope_1903.txt", "9ccbf4c8f50ba91cda816c7e178829f6d3961ba997cd56e7c4de94a365ab89ec"),
    ("Lytton_Kenelm_1873.txt", "0f3e17d25ba44366fb831d96831a6f4b8c414f34199506862e1946eb047869dd"),
    ("Meredith_Marriage_1895.txt", "5564cea5db7ff24226fca8e8e91e8b42018cdfa105bdd072fa8d37d5e9fc9582"),
    ("Morris_Wood_1894.txt", "75ecab0623a9ab7e268d1d7ba31f04fe9c1c31b97357177485b0b953bcf64712"),
    ("Schreiner_Trooper_1897.txt", "42de2b44d059e2f4c44ff6ab8c5899476837aaaa763a2b7413ad742fb850e06f"),
    ("Stevenson_Treasure_1883.txt", "e55cdea0f8c4224415ed711c59bb4a3c83e23a8d8a209956ea13ce2351899814"),
    ("Thackeray_Esmond_1852.txt", "1ee2aefb01bba143ab26222bbba76288fca205d98f539ecaa795c4b672f77450"),
    ("Trollope_Warden_1855.txt", "7ea03f128eb005afd26e01db31a921b33fe932ebb4826016297ffac5e2a75632"),
    ("Ward_Milly_1881.txt", "20668dc64f012829cfcc587905c5bbeb72d32a278aef96a7a2c1b313bbacbddf"),
    ("Wcollins_Basil_1852.txt", "6a23544b56d77c175f7dfdaf61b17b4a9376c9396a1ac4d1d4283f8b83cdc64c"),
    ("Woolf_Lighthouse_1927.txt", "2a98d64e56c3b1e82221a7f3b960a167d8d25acd8609f6257f666e6a21953441"),
)
"""100 English novels, one of each author."""

_OPEN_ASSISTANT = (
    ("13b-guanaco", "30b-guanaco", "8a0ce92491b86dec98979cb31632e30d19f6a8fcbe1a291721ef6bd03d24d138"),
    ("13b-guanaco", "65b-guanaco", "575dea61ca774a1a78e3657b1e8d6086037e589f1abaa6da89a7d7d76b564e1e"),
    ("13b-guanaco", "7b-guanaco", "8bf37425c756b0561ad10afee328fe05df89710b728b308f947068397fb52161"),
    ("13b-guanaco", "gpt-3.5", "1c3b4f9d096404f58cdeaea767dfda6e65e88435c8c0872172eb5398ec50dd2b"),
    ("13b-guanaco", "gpt-4", "39af20010241dc22f5dfb4a09a53768fb6cfa6617f33ad081842ba592a5571e9"),
    ("13b-guanaco", "vicuna-13b", "dfa87b2668aa0b9bdd541e6a12b7d48417430761d4b992ffbe62bad99ac944f2"),
    ("30b-guanaco", "13b-guanaco", "b5be915a353917ba7e27683c17bf69cdadcc803b1ac4d318e96a2f064242371a"),
    ("30b-guanaco", "65b-guanaco", "0a524bc35a5e8897748c6a909a8a88de0aa7256bb7646cbe0fda3263a3c5718f"),
    ("30b-guanaco", "7b-guanaco", "4e9284b6ef150f99cc25568c3fd3335b921fecbd6262358a8d5c988c7db787be"),
    ("30b-guanaco", "gpt-3.5", "523605f6de4d0f01a464ff42ffe7e91b39a5ba3501ebc53bb366896d8f09be8f"),
    ("30b-guanaco", "gpt-4", "13200460ff9e9ba415ddc5d9721c7c40420baeba4b58125997b606babe629e56"),
    ("30b-guanaco", "vicuna-13b", "a2e1da90b1ceab85019cdb319885b01833a5a7b915f6052ed5ed3de6baad3942"),
    ("65b-guanaco", "13b-guanaco", "5b51c480e710502d928255b0160186ee1384c1159d0138356813cd1dfbb5ab11"),
    ("65b-guanaco", "30b-guanaco", "c8e42d8ffa8dd31fd38b0c3dad2ca25e43c6d6b3f14c33d15d1bbb7ae134fd31"),
    ("65b-guanaco", "7b-guanaco", "65999245bb5dab72b8c1d918d499a213aa6ac8e2e9a45d54e6365569a1a63de4"),
    ("65b-guanaco", "gpt-3.5", "89ab9d8990f97a2d4dfc11374b81cb60d792aa072df1f2f5aa0c458f670671b7"),
    ("65b-guanaco", "gpt-4", "3006a2b3d42b9172bce16d5878aa43892feb44ad6c7aa3f2f7145ad222a86ebd"),
    ("65b-guanaco", "vicuna-13b", "c8a57ca56c03b23012217619f2a681590d4ec7e3b1d845fc6bea1d0b19a5d7fb"),
    ("7b-guanaco", "13b-guanaco", "38ef54d4b01c604f0984b7f164a934b6955ade956ec264e07a6f8f203dada4da"),
    ("7b-guanaco", "30b-guanaco", "1bed0819e25c4ae53566adc9b61181ca1c420e21910c608eb507945124698e15"),
    ("7b-guanaco", "65b-guanaco", "45f8d98ceffeef4ffe48595eb98f9300a15865c3fb32efb292857f8babcea97c"),
    ("7b-guanaco", "gpt-3.5", "75d72f22eb7e7ff6bf2959e21d0d525abffebb4d63dd3ec43ba8e126a5c034c8"),
    ("7b-guanaco", "gpt-4", "16c5f59819f47362dfb23e81edd4921408806dcc3a91339a93c5c9f810dd1882"),
    ("7b-guanaco", "vicuna-13b", "a8d175725c52d18ecd8cd38d9318554a5b2786edb981b6009943700799900392"),
    ("gpt-3.5", "13b-guanaco", "4b11aebf5752c3e9fd983b13bb41e491ae067a7beb24adfea8284af604f2dcae"),
    ("gpt-3.5", "30b-guanaco", "b1e230a4f7271e2656888e10feda050a261f487a364edd259cc5bcebe902e6be"),
    ("gpt-3.5", "65b-guanaco", "93d35cbb8c3358105cbcedb3d6a9b6e5e487d636217e2af7c2a98c1aa7b13b08"),
    ("gpt-3.5", "7b-guanaco", "5e0409024835905c8d7d0a81a973ae7d17fae2fae1a94b608da3eeeb8c869c44"),
    ("gpt-3.5", "gpt-4", "535e3182bafe3d527b0fdceffcecda58fe9560e7ec4b9a90f229f2f80d8c2ce0"),
    ("gpt-3.5", "vicuna-13b", "62ad132791754c5f7a790823de1ca178150f77b1e8a4d2b688ad7d8918e10d14"),
    ("gpt-4", "13b-guanaco", "4630a5c8328f381ad72324f58eaa75177ed7a1f387da631d092910b9b2ae95cc"),
    ("gpt-4", "30b-guanaco", "6e9dfdbdc54f89cffeb5e952de9ff095e1d0ef3a17511a76861fbc4e5f7642fa"),
    ("gpt-4", "65b-guanaco", "460750ef352a43324421f3e6ce7cbf8610aea546c1f18b17220bec1ed016801d"),
    ("gpt-4", "7b-guanaco", "aabbc58eff4df5cdabcd0bbaa78fe2f987bb239fc6a87f0a9ab05e260c70c5c4"),
    ("gpt-4", "gpt-3.5", "cd01967b879b5bb84c3dc9479c689c181711eeb282316553393b9a9baf0b13bd"),
    ("gpt-4", "vicuna-13b", "14b28a3f072f2e5b1d12b0b675f3dc0b1bfed5303f94fc9d2446a71f2d943958"),
    ("vicuna-13b", "13b-guanaco", "f36a67ff017819293143092e022041f00e0bd3f5977f59e6e23176752cda879b"),
    ("vicuna-13b", "30b-guanaco", "d5f692d5f98fd858a2d911665288d862e0efc576c77e6e47c8fc488bbe2326fb"),
    ("vicuna-13b", "65b-guanaco", "ef5ac6872599b5a4ad0976cccb649fd6c57290a9fde3f9f9d5d3da416f1974f3"),
    ("vicuna-13b", "7b-guanaco", "df87eab919643d4332d95eedd53feba053b5cfd2cbc2fc42e0e154e6de11916a"),
    ("vicuna-13b", "gpt-3.5", "4413b5692dbb720d67a77779d0dc7224ea259d7264728f103f121856af400668"),
    ("vicuna-13b", "gpt-4", "4fa96055d4287e6a6fbc8e5c4ea477217491c421486cca19d0a565826b47b67c"),
)

_VICUNA = (
    ("13b-guanaco", "30b-guanaco", "19983f117ef430b65c14c776320142d0367d897bc62f229ce9faf433fb250ef3"),
    ("13b-guanaco", "65b-guanaco", "3b650cd904a5b14175021c363c6cf7153a180608f3862f55c3f18a1861ee5d7b"),
    ("13b-guanaco", "7b-guanaco", "d8a42ca51483d1803e807eafa02e1fa5bc38dd5893fbea3aff2941cdf57a39f8"),
    ("13b-guanaco", "bard", "d66ca04cd7115467f7abfdfd0748b58eeef13f1e0bb17c0f3296137f1b3d56a1"),
    ("13b-guanaco", "gpt35", "2158f1e6928edb586e1db843e8569181bf9a4c39bc384e0cc30ea7b1dc3baeaa"),
    ("13b-guanaco", "gpt4", "09ced93a7fff71e9bf0c0d00b83f026b2bcbebc0c26e118c41bbd9b52e507aa9"),
    ("13b-guanaco", "vicuna-13b", "c944102aa6d8b3ce8817184f010d73b9855e60d6a2b4dcb71988c7a70577b577"),
    ("30b-guanaco", "13b-guanaco", "73932f943e70fafb12f97a22ff124b1b90839d24f25b9e9e7a18536d13bbff1b"),
    ("30b-guanaco", "65b-guanaco", "f8b3605a49784c255cd430612656b7112b0d356f8a475cd513150eeae2cdd109"),
    ("30b-guanaco", "7b-guanaco", "bf4d551453e16000624c0d4eb5c88f894afd2dfc7a70ec1e6fa396f10a5a9439"),
    ("30b-guanaco", "bard", "6a9e83b0d08db05c7e7b5de634d000f43cb556c3a80c0b1aa71d0ea561bbabdc"),
    ("30b-guanaco", "gpt35", "8189e99be8d3c938b14846a079941e970e2108a7a494742e04ce3e3c348fc76f"),
    ("30b-guanaco", "gpt4", "d09f28accbd9be52575b34c13a54605fc079062d39ddfa77adb31bf55481f1fc"),
    ("30b-guanaco", "vicuna-13b", "80e32d9c43993e754d65e8ca0920062e7ef1557914ad7d43a04d476586db4b22"),
    ("65b-guanaco", "13b-guanaco", "0ff4d6c35ede6d8783824edd458998233998b450e60cdc5a48cfba7de9c6297c"),
    ("65b-guanaco", "30b-guanaco", "44a4684eb94a0c55a1f457179134ce58c85d1cdc6db582620a24694609c0d2fc"),
    ("65b-guanaco", "7b-guanaco", "0c6c8638df3624b5288f8f97f0f0805412bf2c344cca1a4236e932de0d4b548e"),
    ("65b-guanaco", "bard", "4a27b8e858752003494f5497afea46b2ccb5fd93686972ccaf2878d6faa54018"),
    ("65b-guanaco", "gpt35", "99607fea0bb164cb666bf1dd74b82c3a2228b97ee025ad8394d48da2bd41f8b4"),
    ("65b-guanaco", "gpt4", "2f57fed289f386da63915362c5e10871a825bd92e546e25fc319280e99877a39"),
    ("65b-guanaco", "vicuna-13b", "4128fae569d446634cde1605281d9ff741e37e1e3c4f047ee2a794fe1d16f8d4"),
    ("7b-guanaco", "13b-guanaco", "55f2a81cac07292c2ca075b1c2efd3065b2586d293b7acd9e67b324da5771d43"),
    ("7b-guanaco", "30b-guanaco", "618b7742b4e40d887ff36d195258e5708c6d50a65a41f8433d008938e43d4df5"),
    ("7b-guanaco", "65b-guanaco", "be1640a748277807fd7fec5ed41e4d80a2f378aa678bbdce0c0fa63d8b4279bc"),
    ("7b-guanaco", "bard", "d037fe789ea2a1d3fa3dbcfede1786684a1dec382f34f49dd172ef70379683e6"),
    ("7b-guanaco", "gpt35", "7504c8bb6b67463dcf8d985e41182ea1870ae93f418400f973bfbd26c9d2273d"),
    ("7b-guanaco", "gpt4", "0a957c3c1b30ea4e23078ee5db70972d5802808cbedc9c6e6eb0d3b5ed4a9f8c"),
    ("7b-guanaco", "vicuna-13b", "d7f66d9080fc2c943ac3c2d983f05b7f04d98ccf8a7b6df1ac970f0ad664fe4d"),
    ("bard", "13b-guanaco", "dd7650b2c710389a5d13ce41b02ff110b2ccc0d42af8edfe32183ceaff84e766"),
    ("bard", "30b-guanaco", "7c6f757745d7c4d9fcad1135bda5608c5e809f4e4228a842662f6738ec89c3b0"),
    ("bard", "65b-guanaco", "2b5beeedce2d9b76667a9477ec2ab6cf62cfd18dcca4dbbd19fe60eba8338ab1"),
    ("bard", "7b-guanaco", "23339715756d9e48abb28006da9b0376be19af97f1182e868857d94dc22662af"),
    ("bard", "gpt35", "30b7d2a47ec44c0ffbd56dc4c6e63096ff2f20c7fd63a341cc8ccbdf2d6c49c0"),
    ("bard", "gpt4", "fdf7531cd7a99d4ce82769cd0c2533e5b1b97d2e0f4d9923c33ccba7b8687796"),
    ("bard", "vicuna-13b", "d9bc1e3a5869ddf9c7db3f5abdef7ed367dd407c98455d7e5bc09e2b9f3229b2"),
    ("gpt35", "13b-guanaco", "c5d1530a8cbd9d83c5f05a398dee4242021857a1a55c3b0995874c4493acf5ce"),
    ("gpt35", "30b-guanaco", "303f136cfad3113ec5e96f39b9a6545d99a07c31aa691600f17525529b827726"),
    ("gpt35", "65b-guanaco", "de5efa47943ba4cb5949c49a3e471795316b9d9a656574f247b7c9883c55668f"),
    ("gpt35", "7b-guanaco", "b045d662c8f876385daa6e6ee504c0c01e5640942547de1a2d67ce73f4a72066"),
    ("gpt35", "bard", "e9de6b2d60ad20a63abd78bc06eed49b25f42aa7a56e5645a304b59d9806977e"),
    ("gpt35", "gpt4", "15072ea0a437637265d4a069847703722e17078e8c628376242f38eb088e92b7"),
    ("gpt35", "vicuna-13b", "9368f811fb04e4f460b29d57892e2e12297d75134bde4f0a50d7335c7853e211"),
    ("gpt4", "13b-guanaco", "ae5a48fbaabbba8db1d6a9ce581b1cbd0983c149d919d063b4137d36b37c95cd"),
    ("gpt4", "30b-guanaco", "c0cbf0f371313c90eb4d8a67a0eef18835fc1bbbbca87272942c99028d2e4f32"),
    ("gpt4", "65b-guanaco", "e982e37fedb258389bb11dcfe7e5c99b479f0e64cfa9b063c2dc58c38c74c2d5"),
    ("gpt4", "7b-guanaco", "eb2fc80de7c291c5c44ddf27718aa4acb14d61d08a4f223b9c5f30822d01aa10"),
    ("gpt4", "bard", "223f257a8ae38e55937bdddb0c4eff64432ee06917064fff141706987ecdbbd6"),
    ("gpt4", "gpt35", "55faae71df07e64469b43df073f03deb57907c6aadab26bc2591f97f021d7a4f"),
    ("gpt4", "vicuna-13b", "9ecb923c0b29dce91ae980646d407387e71944d884fc8ceafa8616f035357313"),
    ("vicuna-13b", "13b-guanaco", "8543af9261ec050bafd36364261488e2ae972ede44fbdd2cf0445e52f7daf28d"),
    ("vicuna-13b", "30b-guanaco", "3a70daedcde335755df2b9d2d759918c6e10baee788f62046810da30c61679b9"),
    ("vicuna-13b", "65b-guanaco", "e531794616fbdfaaa9acf9e41040a5ac15d221e12257e31b6c8f1c4bd962730a"),
    ("vicuna-13b", "7b-guanaco", "7a4b1f9dd7e2f4ec17ea44f97fecbece2ccee002dddbfa720c8a2701e76f40c2"),
    ("vicuna-13b", "bard", "b086aa26e530573ce38b43341139d29f690f56b72efcc53a525c68eef451dc7f"),
    ("vicuna-13b", "gpt35", "f6f2ae005b27674234bc66c29510c150b22ebbca00d5af3b14f511d034f60262"),
    ("vicuna-13b", "gpt4", "91fbf8ebd1ea4753470c4af4b7960c01d3e2d8bacf7b71b264ca106294183a88"),
)


def _qlora(folder: str, prompts: str, bare: str, pairs: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str]]:
    """Members of one folder: the first answer's model, the second's, and the hash of the file of verdicts on both."""

    def answers(model: str) -> str:
        guanaco = model.endswith("guanaco")
        return f"{model}-{prompts}-generations-topp0.9-temp0.7" if guanaco else bare.format(model)

    return [
        (f"{folder}/{answers(first)}-vs-{answers(second)}-gpt-4-reviewer-threeclass.jsonl", sha)
        for first, second, sha in pairs
    ]


QLORA = tuple(
    sorted(
        [
            *_qlora("oa", "oa", "{}-oa-generations", _OPEN_ASSISTANT),
            *_qlora("vicuna/pairwise", "vicuna", "answer-{}", _VICUNA),
        ]
    )
)
"""GPT-4's verdicts on pairs of answers, each in both orders: 42 files on OpenAssistant's prompts, 56 on Vicuna's."""
