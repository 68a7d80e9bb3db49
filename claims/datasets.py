"""The data sets, each named once: where it comes from, its hash, size and licence. A paper adds its lines here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["DATA_SETS", "DataSet"]


@dataclass(frozen=True)
class DataSet:
    """One data set, as a file on disk or as text that ships with Python."""

    name: str
    """Name in `needs.data` and in `claimbench data ls`."""
    file: str
    """Path inside CLAIMBENCH_DATA and inside the cache; empty where nothing lies on disk."""
    url: str
    """Where the file comes from; of an archive, the folder that holds its members."""
    size_bytes: int
    """Size of the file."""
    licence: str
    """Licence as its source states it."""
    purpose: str
    """What it is for."""
    sha256: str = ""
    """Hash of the file's bytes; empty for an archive, whose members are hashed instead."""
    members: tuple[tuple[str, str], ...] = ()
    """Of an archive (tar.gz, built here from single files): name and sha256 of each member, by name."""

    @property
    def identity(self) -> str:
        """Hash of the content, whichever way an archive was packed."""
        if not self.members:
            return self.sha256
        return hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in self.members).encode()).hexdigest()


_NOVELS = (
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

DATA_SETS = {
    entry.name: entry
    for entry in (
        DataSet(
            name="cpython_topics",
            file="",
            url="https://docs.python.org/3/reference/",
            size_bytes=460_000,
            licence="PSF-2.0",
            purpose="English reference text that ships with CPython (pydoc_data.topics)",
        ),
        DataSet(
            name="tinyshakespeare",
            file="tinyshakespeare/input.txt",
            url="https://raw.githubusercontent.com/karpathy/char-rnn/"
            "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            size_bytes=1_115_394,
            licence="MIT (text in the public domain)",
            purpose="character-level language modelling; the first 90 % train, the rest validate",
        ),
        DataSet(
            name="english_novels",
            file="english_novels/novels_34_authors.tar.gz",
            url="https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
            "143e601875d70e195f2cc5ebd8b034609271194d/corpus/",
            size_bytes=7_235_198,
            licence="public domain (texts; no licence file)",
            purpose="long-context language modelling; one novel an author, CRLF line ends",
            members=_NOVELS,
        ),
    )
}
