// Serves the aws provider as it is, with one addition: requests whose endpoint is not set in the provider's `endpoints` block go to
// AWS_ENDPOINT_URL, as they do with newer SDKs.
package main

import (
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/hashicorp/terraform/plugin"
	"github.com/terraform-providers/terraform-provider-aws/aws"
)

func main() {
	if endpoint, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL")); err == nil && endpoint.Host != "" {
		agent := corehandlers.SDKVersionUserAgentHandler.Fn
		corehandlers.SDKVersionUserAgentHandler.Fn = func(r *request.Request) {
			agent(r)
			if strings.HasSuffix(r.HTTPRequest.URL.Host, ".amazonaws.com") {
				r.HTTPRequest.URL.Scheme, r.HTTPRequest.URL.Host = endpoint.Scheme, endpoint.Host
			}
		}
	}
	plugin.Serve(&plugin.ServeOpts{ProviderFunc: aws.Provider})
}
