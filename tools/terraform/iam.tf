data "aws_iam_policy_document" "push" {
  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
  statement {
    actions   = ["ecr:*"]
    resources = [aws_ecr_repository.app.arn]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Stage"
      values   = [var.stage]
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
}

resource "aws_iam_policy" "push" {
  name        = "tf-push"
  path        = "/tf/"
  description = "Pushes to the repository."
  policy      = data.aws_iam_policy_document.push.json
}

resource "aws_iam_user" "ci" {
  name                 = var.stage == "1" ? "tf-ci" : "tf-ci-${var.stage}"
  path                 = "/tf/"
  permissions_boundary = "arn:aws:iam::aws:policy/AdministratorAccess"
  force_destroy        = true
  tags                 = local.tags
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_iam_user_policy" "ci" {
  name   = "inline"
  user   = aws_iam_user.ci.name
  policy = data.aws_iam_policy_document.push.json
}

resource "aws_iam_user_policy_attachment" "ci" {
  user       = aws_iam_user.ci.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
}

resource "aws_iam_group" "team" {
  name = "tf-team"
  path = var.stage == "1" ? "/" : "/tf/"
}

resource "aws_iam_group_policy" "team" {
  name   = "inline"
  group  = aws_iam_group.team.name
  policy = data.aws_iam_policy_document.push.json
}

resource "aws_iam_group_policy_attachment" "team" {
  group      = aws_iam_group.team.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
}

resource "aws_iam_group_membership" "team" {
  name  = "team"
  group = aws_iam_group.team.name
  users = [aws_iam_user.ci.name]
}

resource "aws_iam_group" "other" {
  name = "tf-other"
}

resource "aws_iam_user" "other" {
  name = "tf-other"
}

resource "aws_iam_user_group_membership" "other" {
  user   = aws_iam_user.other.name
  groups = [aws_iam_group.other.name]
}

resource "aws_iam_role" "deploy" {
  name                 = "tf-deploy"
  description          = "Stage ${var.stage}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600 * tonumber(var.stage)
  tags                 = local.tags
}

resource "aws_iam_role_policy" "deploy" {
  name   = "inline"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.push.json
}

resource "aws_iam_role_policy_attachment" "deploy" {
  role       = aws_iam_role.deploy.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
}

resource "aws_iam_policy_attachment" "push" {
  name       = "push"
  policy_arn = aws_iam_policy.push.arn
  users      = [aws_iam_user.other.name]
  groups     = [aws_iam_group.other.name]
  roles      = [aws_iam_role.deploy.name]
}

resource "aws_iam_openid_connect_provider" "ci" {
  url             = "https://ci.example.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = [var.stage == "1" ? "990f4193972f2becf12ddeda5237f9c952f20d9e" : "890f4193972f2becf12ddeda5237f9c952f20d9e"]
}

resource "aws_iam_account_alias" "this" {
  account_alias = "tf-${var.stage}"
}

data "aws_iam_user" "other" {
  user_name = aws_iam_user.other.name
}

data "aws_iam_group" "team" {
  group_name = aws_iam_group.team.name
}

data "aws_iam_role" "deploy" {
  name = aws_iam_role.deploy.name
}

data "aws_iam_policy" "managed" {
  arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
}
