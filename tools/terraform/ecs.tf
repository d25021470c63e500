resource "aws_ecs_cluster" "app" {
  name = "tf-app"
  tags = local.tags
}

resource "aws_ecs_task_definition" "app" {
  family                   = "tf-app"
  network_mode             = "bridge"
  requires_compatibilities = ["EC2"]
  cpu                      = "256"
  memory                   = "512"
  execution_role_arn       = aws_iam_role.deploy.arn
  task_role_arn            = aws_iam_role.deploy.arn
  tags                     = local.tags

  volume {
    name      = "data"
    host_path = "/tmp/tf-data"
  }

  placement_constraints {
    type       = "memberOf"
    expression = "attribute:ecs.os-type == linux"
  }

  container_definitions = jsonencode([
    {
      name         = "app"
      image        = "${aws_ecr_repository.app.repository_url}:v${var.stage}"
      cpu          = 128
      memory       = 256
      essential    = true
      portMappings = [{ containerPort = 80, hostPort = 0, protocol = "tcp" }]
      environment  = [{ name = "STAGE", value = var.stage }, { name = "MODE", value = "test" }]
      secrets      = [{ name = "PASSWORD", valueFrom = aws_ssm_parameter.password.arn }]
      mountPoints  = [{ sourceVolume = "data", containerPath = "/data", readOnly = true }]
      volumesFrom  = []
      ulimits      = [{ name = "nofile", softLimit = 1024, hardLimit = 4096 }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.app.name
          awslogs-region        = "us-east-1"
          awslogs-stream-prefix = "app"
        }
      }
    },
    {
      name      = "side"
      image     = "side"
      essential = false
      links     = ["app"]
      command   = ["sleep", "60"]
    },
  ])
}

resource "aws_ecs_service" "app" {
  name                               = "tf-app"
  cluster                            = aws_ecs_cluster.app.id
  task_definition                    = aws_ecs_task_definition.app.arn
  desired_count                      = tonumber(var.stage)
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 100 + 50 * tonumber(var.stage)
  health_check_grace_period_seconds  = 5
  propagate_tags                     = "SERVICE"
  tags                               = local.tags

  ordered_placement_strategy {
    type  = "spread"
    field = "attribute:ecs.availability-zone"
  }

  ordered_placement_strategy {
    type  = "binpack"
    field = "memory"
  }

  placement_constraints {
    type = "distinctInstance"
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 80
  }

  depends_on = [aws_lb_listener.app]
}

resource "aws_ecs_service" "daemon" {
  name                = "tf-daemon"
  cluster             = aws_ecs_cluster.app.id
  task_definition     = aws_ecs_task_definition.app.arn
  scheduling_strategy = "DAEMON"
}

resource "aws_ecs_task_definition" "fargate" {
  family                   = "tf-fargate"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "256"
  memory                   = "512"
  execution_role_arn       = aws_iam_role.deploy.arn
  container_definitions    = jsonencode([{ name = "app", image = "app", portMappings = [{ containerPort = 80 }] }])
}

resource "aws_ecs_service" "fargate" {
  name            = "tf-fargate"
  cluster         = aws_ecs_cluster.app.id
  task_definition = aws_ecs_task_definition.fargate.arn
  desired_count   = 1
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }
}

data "aws_ecs_cluster" "app" {
  cluster_name = aws_ecs_cluster.app.name
}

data "aws_ecs_service" "app" {
  cluster_arn  = aws_ecs_cluster.app.arn
  service_name = aws_ecs_service.app.name
}

data "aws_ecs_task_definition" "app" {
  task_definition = aws_ecs_task_definition.app.family
}

data "aws_ecs_container_definition" "app" {
  task_definition = aws_ecs_task_definition.app.id
  container_name  = "app"
}
