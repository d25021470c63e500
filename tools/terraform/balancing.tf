resource "aws_lb" "app" {
  name            = "tf-app"
  internal        = true
  subnets         = var.stage == "1" ? ["subnet-1", "subnet-2"] : ["subnet-2", "subnet-3"]
  security_groups = ["sg-${var.stage}"]
  idle_timeout    = 30 * tonumber(var.stage)
  tags            = local.tags
}

resource "aws_lb_target_group" "app" {
  name                 = "tf-app"
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = "vpc-1"
  target_type          = "instance"
  deregistration_delay = 10 * tonumber(var.stage)
  tags                 = local.tags

  health_check {
    path                = "/health/${var.stage}"
    interval            = 10
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
    matcher             = "200-299"
  }

  stickiness {
    type            = "lb_cookie"
    cookie_duration = 600
  }
}

resource "aws_lb_target_group" "fixed" {
  name_prefix = "fixed-"
  port        = 8080
  protocol    = "HTTP"
  vpc_id      = "vpc-1"
  target_type = "ip"
}

resource "aws_lb_target_group_attachment" "fixed" {
  target_group_arn = aws_lb_target_group.fixed.arn
  target_id        = "10.0.0.7"
  port             = 8080
}

resource "aws_lb_listener" "app" {
  load_balancer_arn = aws_lb.app.arn
  port              = var.port
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_lb_listener_rule" "path" {
  listener_arn = aws_lb_listener.app.arn
  priority     = 10 * tonumber(var.stage)

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.fixed.arn
  }

  condition {
    field  = "path-pattern"
    values = ["/fixed/*"]
  }
}

resource "aws_lb_listener_rule" "redirect" {
  listener_arn = aws_lb_listener.app.arn

  action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }

  condition {
    field  = "host-header"
    values = ["old.example.com"]
  }
}

resource "aws_lb_listener_rule" "fixed" {
  listener_arn = aws_lb_listener.app.arn
  priority     = 40

  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "Stage ${var.stage}"
      status_code  = "200"
    }
  }

  condition {
    field  = "path-pattern"
    values = ["/stage"]
  }
}

data "aws_lb" "app" {
  arn = aws_lb.app.arn
}

data "aws_lb_target_group" "app" {
  name = aws_lb_target_group.app.name
}

data "aws_lb_listener" "app" {
  arn = aws_lb_listener.app.arn
}
