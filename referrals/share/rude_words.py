"""Words that no code may spell, also with digits for letters."""

# Nothing decent holds these, wherever they stand; the last line is how random codes, without vowels, would have them.
_ANYWHERE = (
    "ARSEHOLE ASSHOLE BASTARD BITCH BLOWJOB BOLLOCKS CABRON COJONES CONNARD DICKHEAD FAGGOT FOTZE FUCK HITLER JIZZ KIKE"
    " KURWA MERDE MIERDA MOTHERF NAZI NIGGA NIGGER NUTTE PENIS PORN PUSSY PUTAIN SALOPE SCHEISS SCHLAMPE SHIT SIEGHEIL"
    " SLUT STFU TITTEN TWAT VAGINA WANKER WHORE WICHSER"
    " BTCH CNTF DCKHD FCK FKK FVCK FXCK KKK MTHRFCK NGGR PHCK PHUCK SHYT TWT WTF"
)
# Decent words and names hold these: GRASS, DOCUMENT, PEACOCK, SCUNTHORPE. So only as a word of its own.
_ALONE = (
    "ANAL ANUS ARSCH ARSE ASS BOOB BOOBS COCK CRAP CUM CUNT CNT DCK DICK DYKE FAG FCUK FICK FKN GOOK HOE HURE KYS NGR"
    " NIG PEDO PISS POO POOP PRICK PUTA RAPE RAPIST RETARD SCUM SEX SHT SS SPIC SUX TIT TITS TRANNY TURD WANK XXX"
)
ANYWHERE, ALONE = tuple(_ANYWHERE.split()), frozenset(_ALONE.split())
# How digits are read as letters; 1 and 9 in two ways.
_READINGS = [str.maketrans("0123456789", letters) for letters in ("OIZEASGTBG", "OLZEASGTBP")]


def are_in(text: str) -> bool:
    """Whether a folded code says something rude, in capitals, with digits for letters, or cut up by hyphens."""
    return any(map(_is_rude, {text, *(text.translate(reading) for reading in _READINGS)}))


def _is_rude(text: str) -> bool:
    bare = text.replace("-", "")
    return any(word in bare for word in ANYWHERE) or bool(ALONE & {bare, *text.split("-")})
