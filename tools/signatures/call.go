// What aws-sdk-go-v2 signs.
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	ctx := context.Background()
	settings := aws.Config{
		Region:       os.Getenv("AWS_REGION"),
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials:  credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
	}
	registry, tokens := ecr.NewFromConfig(settings), sts.NewFromConfig(settings)
	must(registry.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}))
	must(registry.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{RegistryIds: []string{"000000000000", "111122223333"}}))
	must(tokens.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	signed := must(sts.NewPresignClient(tokens).PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	request := must(http.NewRequest(signed.Method, signed.URL, nil))
	request.Header = signed.SignedHeader
	if answer := must(http.DefaultClient.Do(request)); answer.StatusCode != 200 {
		panic(answer.Status)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
