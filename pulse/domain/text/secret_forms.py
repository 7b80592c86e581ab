"""How secrets look: the labels beside them, the webhooks that hold them, and the forms that give them away.

Every pattern is bounded or open at its end, and takes what it has matched for good (`++`), so that a hostile
line costs time in proportion to its length. docs/redaction.md compares them with the rules of gitleaks.
"""

_KEYS = (
    r"(?:access|account|admin|api|auth|client|consumer|deploy|encryption|license|master|private|secret|service|"
    r"session|shared|signing|ssh|storage|subscription|webhook)[_-]?key"
)
"""Not any word that ends in "key": most name a place in S3, a table or a data set."""
_PAGING = r"(?<!next)(?<!next[_-])(?<!page)(?<!page[_-])(?<!continuation)(?<!continuation[_-])"
_ENDS_LABEL = (
    r"age|alias|arn|count|endpoint|expiration|expires|expiry|file|format|ids?|length|limit|names?|path|policy|"
    r"prefix|required|size|status|ttl|type|ur[il]|version"
)
"""A token's type or a secret's name is none."""
_COUNT = r"""\\?["']?\s{0,4}[:=]{1,2}\s{0,4}[0-9]{1,9}(?![\w.])"""
_BEHIND_LABEL = (
    rf"(?:s(?![a-z])(?!{_COUNT})|[0-9]{{1,4}}|"
    rf"(?:[_-](?!(?:{_ENDS_LABEL})(?![a-z0-9]))[a-z0-9]{{1,16}}){{1,3}})?"
)
"""`PASSWORD_PROD`, `TOKEN1`, `SECRETS`, but not `max_tokens=4096`."""
LABEL = (
    rf"(?:{_KEYS}|{_PAGING}token|passphrase|password|passwd|pwd|credential|"
    # A secret's ARN holds "123456789012:secret:" before its name, and "bypass" is no password.
    rf"(?<![0-9]:)secret|(?:(?<![a-z])|(?<=db)|(?<=user))pass){_BEHIND_LABEL}"
)
"""How a label ends; whatever precedes it may be part of its word."""

SLASH = r"(?:\\?/|%(?:25){0,2}2f)"
"""In a URL, in JSON, and percent-encoded up to three times."""
SIGN = r"(?:[:=]++>?|%(?:25){0,2}3[ad])"
"""Between a label and its value."""

WEBHOOK = (
    r"(?:hooks\.slack(?:-gov)?\.com|hooks\.zapier\.com|webhook\.office\.com|outlook\.office(?:365)?\.com|"
    rf"api\.telegram\.org|discord(?:app)?\.com{SLASH}api(?:{SLASH}v[0-9]{{1,2}})?{SLASH}webhooks){SLASH}"
)
"""Addresses whose path is the secret."""

_SIXTEEN = r"[\w.~+/=-]{16,}+"
TOKENS: tuple[str, ...] = (
    # Tokens that say who gave them out: a beginning that stands nowhere else, and at least 16 characters.
    (
        r"\b(?:"
        r"SG\.|hv[sb]\.|whsec_|gl(?:agent|cbt|dt|ffct|ft|imt|oas|pat|ptt|rt|soat)-|GR1348941|gl(?:c|sa)_|"
        r"gh[a-z]_|github_pat_|hf_|api_org_|npm_|pypi-|rubygems_|dckr_[a-z]{3}_|AIza|ya29\.|"
        r"ops_eyJ|p8e-|AGE-SECRET-KEY-1|LTAI|AKCp|cmVmd|ATATT3|CLOJARS_|dnkey-|do[opr]_v1_|"
        r"dp\.(?:pt|st|ct|scim|audit)\.|duffel_(?:test|live)_|dt0[a-z][0-9]{2}\.|EZ[AT]K|EAA[ACM]|"
        r"fo1_|fm1[ar]_|fm2_|fio-u-|HRKU-AA|ico-|s-s4t2(?:ud|af)-|ZXlK|lin_api_|NRJS-|NRII-|NRAK-|ntn_|"
        r"sha256~|pplx-|pscale_(?:tkn|oauth|pw)_|PMAK-|pnu_|rdme_|tk-us-|xkeysib-|sntry[su]_|sm_[aps]at_|"
        r"shippo_(?:live|test)_|shp(?:at|ca|pa|ss)_|sgp_|sq0atp-|tfp_|AQVN|access-(?:sandbox|development|production)-"
        rf"){_SIXTEEN}"
    ),
    r"\bFLW(?:SECK|PUBK)_TEST-\w{12,}+",
    r"\bxox[a-z][.-][A-Za-z0-9.-]{8,}+|\bxapp-[A-Za-z0-9-]{8,}+",
    r"\bsk-[A-Za-z0-9]{20,}+|\bsk-(?:proj|ant|svcacct|admin|or)-[\w-]{8,}+|\b[rs]k_(?:live|test|prod)_\w{8,}+",
    # JSON in Base64, which JSON Web Tokens begin with, and the password of an ECR login ("AWS:{…").
    r"\beyJ[\w-]{16,}+(?:\.[\w-]*+){0,2}+|\bQVdTOmV5[\w+/-]{16,}+={0,2}+",
    # Tokens that are known by their length. One look at the word's beginning for most of them: this is tried
    # at every character.
    (
        r"\b(?:A3-[A-Z0-9]{6}-[A-Z0-9]{6}[A-Z0-9-]{10,}+|4b1d[A-Za-z0-9]{38}\b|dapi[a-f0-9]{32}(?:-[0-9])?|"
        r"v1\.0-[a-f0-9]{24}-[a-f0-9]{32,}+|SK[0-9a-fA-F]{32}\b|API-[A-Z0-9]{26}\b|pul-[a-f0-9]{40}|"
        r"(?:pubkey|key)-[a-f0-9]{32}\b|(?:live|test)_(?:pub_)?[a-f0-9]{31,35}\b|pk\.\w{60}\.\w{22}|"
        r"s\.(?=[A-Za-z]{0,23}[0-9])[A-Za-z0-9]{24}\b|(?:pat|sat)\.[\w-]{22}\.\w{24}\.\w{20}|"
        r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{32,}+|[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b|YC[\w-]{38}\b|"
        r"[a-f0-9]{32}-us[0-9]{1,2}\b|[0-9]{5,16}:A[\w-]{34}\b|[0-9]{15,16}[|%][\w-]{27,40}\b|"
        r"(?:sc|ext|scauth|authress)_\w{5,30}\.\w{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,}+)|"
        r"(?<![\w~.])[\w~.]{3}[0-9]Q~[\w~.-]{31,34}|\bt1\.[\w-]{1,512}={0,2}\.[\w-]{86}={0,2}"
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    r"(?<![A-Za-z0-9])A(?:KIA|SIA|BIA|CCA|3T[A-Z0-9])[A-Z0-9]{12,}+",
    # Session tokens begin like this; no source but their looks.
    r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9/+=%]*+",
    # A secret access key without a label: 40 characters of Base64. (A SHA-1 is as long, but in lower case.)
    (
        r"(?<![A-Za-z0-9/+])(?=[^A-Z]{0,39}[A-Z])(?=[^a-z]{0,39}[a-z])(?=[^0-9]{0,39}[0-9])"
        r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
    ),
)

_VENDORS = (
    "adafruit|adobe|airtable|algolia|alibaba|artifactory|asana|atlassian|beamer|bintray|bitbucket|bittrex|"
    "cloudflare|codecov|cohere|coinbase|confluence|confluent|contentful|contribsys|datadog|discord|droneci|"
    "dropbox|etsy|facebook|fastly|finicity|finnhub|flickr|freshbooks|gitter|gocardless|heroku|hubspot|intercom|"
    "jfrog|jira|kraken|kucoin|launchdarkly|linear|linked[_-]?in|mailchimp|mailgun|mapbox|mattermost|meraki|"
    "message[_-]?bird|netlify|new[_-]?relic|new-?york-?times|nytimes|okta|plaid|private[_-]?ai|rapidapi|"
    "sendbird|sentry|snyk|sonar|sourcegraph|squarespace|sumo|telegram|travis|twitch|twitter|typeform|xray|"
    "yandex|zendesk"
)
_BEFORE_CODE = rf"{SIGN}[`\"'\s=]{{0,5}}"
_CODE = r"(?=[^0-9\s]{0,40}[0-9])[\w.=:-]{14,}+"
SIGNED_CODE = _BEFORE_CODE + _CODE
BESIDE_VENDOR = rf"(?:{_VENDORS})[ \t\w.-]{{0,20}}[\s\"']{{0,3}}{_BEFORE_CODE}", _CODE
"""A vendor's name, and behind it a value that is a code: 14 characters or more, a digit among them."""
