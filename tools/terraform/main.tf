# What Wharf has of what the provider can make: `run` applies, changes, imports and destroys it. `stage` is what a change changes.

variable "stage" {
  default = "1"
}

variable "url" {}

# Where the load balancer listens.
variable "port" {}

terraform {
  required_providers {
    aws = {
      # From the mirror that `run` makes, and from nowhere else.
      source = "mirror.test/hashicorp/aws"
    }
  }
}

provider "aws" {
  region                  = "us-east-1"
  skip_get_ec2_platforms  = true
  skip_metadata_api_check = true

  # What has no name here (Application Auto Scaling, Secrets Manager) goes by AWS_ENDPOINT_URL; see provider/main.go.
  endpoints {
    cloudwatch     = var.url
    cloudwatchlogs = var.url
    ecr            = var.url
    ecs            = var.url
    elb            = var.url
    iam            = var.url
    ssm            = var.url
    sts            = var.url
  }
}

data "aws_caller_identity" "current" {}

locals {
  tags = {
    Name  = "terraform"
    Stage = var.stage
  }
}

output "account" {
  value = data.aws_caller_identity.current.account_id
}
