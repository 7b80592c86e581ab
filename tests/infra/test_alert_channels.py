"""Who is told: the topics, e-mail, Slack, Amazon Q, and a warning when it is nobody."""

from tests.infra.templates import FUNCTIONS, text


def test_topics_take_tls_only(local):
    for name in ("AlertsTopic", "AlertsAlarms"):
        statements = local.resources("SNS::TopicPolicy")[f"{name}Policy"]["PolicyDocument"]["Statement"]
        [deny] = [s for s in statements if s["Effect"] == "Deny"]
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert text(deny["Resource"]) == name


def test_alerts_reach_people_by_mail_and_slack_by_queue(local):
    subscriptions = local.resources("SNS::Subscription").values()
    assert {s["Protocol"] for s in subscriptions} == {"email", "sqs"}
    mails = {text(s["TopicArn"]): s for s in subscriptions if s["Protocol"] == "email"}
    assert {mail["Endpoint"] for mail in mails.values()} == {"you@example.com"}
    assert mails["AlertsTopic"]["FilterPolicy"] == {"skip_email": [{"exists": False}]}
    # SNS holds back what has no attributes at all from whoever filters, and alarms have none.
    assert "FilterPolicy" not in mails["AlertsAlarms"]
    [slack] = [s for s in subscriptions if s["Protocol"] == "sqs"]
    assert text(slack["Endpoint"]) == "SendAlertAlertsQueue.Arn"
    assert slack["RawMessageDelivery"] is True
    assert text(slack["TopicArn"]) == "AlertsTopic"
    assert slack["FilterPolicy"] == {"skip_slack": [{"exists": False}]}
    assert text(slack["RedrivePolicy"]["deadLetterTargetArn"]) == "SendAlertAlertsDeadLetters.Arn"


def test_without_slack_there_is_no_function_for_it(synthesize):
    isolated = synthesize("isolated")
    assert set(isolated.resources("Lambda::Function")) == {
        f"{name}UseCaseFunction" for name in FUNCTIONS if name != "SendAlert"
    }
    function = isolated.resources("Lambda::Function")["OnJobEventUseCaseFunction"]
    environment = function["Environment"]["Variables"]
    assert "PULSE_SLACK_WEBHOOK_SECRET" not in environment


def test_amazon_q_hears_the_topic_and_may_do_nothing(synthesize):
    [channel] = synthesize("everything").resources("Chatbot::SlackChannelConfiguration").values()
    assert (channel["SlackWorkspaceId"], channel["SlackChannelId"]) == ("T0123456789", "C0123456789")
    assert [text(topic) for topic in channel["SnsTopicArns"]] == ["AlertsTopic", "AlertsAlarms"]
    assert [text(policy) for policy in channel["GuardrailPolicies"]] == [
        "arn:$Partition:iam::aws:policy/AWSDenyAll"
    ]


def test_synth_warns_when_nobody_hears_of_alarms(synthesize):
    warning = "Annotation::Pulse:NobodyIsTold at PulseJobs/Alerts"
    assert warning in synthesize("isolated").findings
    assert warning not in synthesize("local").findings


def test_dead_letters_of_a_channel_that_is_not_there_are_no_output(synthesize):
    outputs = synthesize("isolated").templates["PulseJobs"]["Outputs"]
    assert "AlertsDeadLetters" not in outputs
    assert "EventsDeadLetters" in outputs


def test_topics_are_encrypted_with_a_key_that_their_publishers_may_use(local):
    for name in ("AlertsTopic", "AlertsAlarms"):
        assert text(local.resources("SNS::Topic")[name]["KmsMasterKeyId"]) == "AlertsTopicKey.Arn"
    key = local.resources("KMS::Key")["AlertsTopicKey"]
    assert key["EnableKeyRotation"] is True
    _root, publishers, alarms = key["KeyPolicy"]["Statement"]
    for statement in (publishers, alarms):
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert publishers["Principal"] == {"AWS": "*"}
    through = publishers["Condition"]["StringEquals"]
    assert {name: text(value) for name, value in through.items()} == {
        "kms:CallerAccount": "$AccountId",
        "kms:ViaService": "sns.$Region.amazonaws.com",
    }
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_topics_go_without_a_key_where_the_configuration_says_so(synthesize):
    isolated = synthesize("isolated")
    assert isolated.resources("KMS::Key") == {}
    assert all("KmsMasterKeyId" not in topic for topic in isolated.resources("SNS::Topic").values())
