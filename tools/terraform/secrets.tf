resource "aws_secretsmanager_secret" "app" {
  name                    = "tf/app"
  description             = "Stage ${var.stage}"
  recovery_window_in_days = 0
  tags                    = local.tags
}

resource "aws_secretsmanager_secret_version" "app" {
  secret_id     = aws_secretsmanager_secret.app.id
  secret_string = jsonencode({ password = "secret-${var.stage}" })
}

data "aws_secretsmanager_secret" "app" {
  arn = aws_secretsmanager_secret.app.arn
}

data "aws_secretsmanager_secret_version" "app" {
  secret_id = aws_secretsmanager_secret_version.app.secret_id
}

resource "aws_ssm_parameter" "plain" {
  name        = "/tf/plain"
  description = "Stage ${var.stage}"
  type        = "String"
  value       = "value ${var.stage}"
  overwrite   = true
  tags        = local.tags
}

resource "aws_ssm_parameter" "password" {
  name  = "/tf/password"
  type  = "SecureString"
  value = "secret-${var.stage}"
}

resource "aws_ssm_parameter" "list" {
  name  = "/tf/list"
  type  = "StringList"
  value = "a,b,c"
}

data "aws_ssm_parameter" "plain" {
  name = aws_ssm_parameter.plain.name
}
