// KServe's controller of InferenceServices with its webhooks, as its module has them, on loopback alone: its own manager listens on every interface,
// and wants Knative, Istio and certificates that are no matter here.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/kserve/kserve/pkg/apis/serving/v1alpha1"
	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
	"github.com/kserve/kserve/pkg/controller/v1beta1/inferenceservice"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func main() {
	certificates := flag.String("cert-dir", "", "folder with tls.crt and tls.key")
	port := flag.Int("webhook-port", 9443, "port of the webhooks, on 127.0.0.1")
	flag.Parse() // controller-runtime adds --kubeconfig
	ctrl.SetLogger(zap.New())
	config := ctrl.GetConfigOrDie()
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certificates})
	started, err := ctrl.NewManager(config, ctrl.Options{
		Metrics:       metricsserver.Options{BindAddress: "0"},
		WebhookServer: server,
	})
	if err == nil {
		err = setUp(started, config)
	}
	if err == nil {
		err = started.Start(ctrl.SetupSignalHandler())
	}
	if err != nil {
		log.Fatal(err)
	}
}

func setUp(started manager.Manager, config *rest.Config) error {
	scheme := started.GetScheme()
	for _, add := range []func() error{
		func() error { return v1alpha1.AddToScheme(scheme) },
		func() error { return v1beta1.AddToScheme(scheme) },
		func() error { return gatewayv1.Install(scheme) },
	} {
		if err := add(); err != nil {
			return err
		}
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	settings, err := v1beta1.GetInferenceServiceConfigMap(context.Background(), client)
	if err != nil {
		return err
	}
	deploy, err := v1beta1.NewDeployConfig(settings)
	if err != nil {
		return err
	}
	ingress, err := v1beta1.NewIngressConfig(settings)
	if err != nil {
		return err
	}
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	reconciler := &inferenceservice.InferenceServiceReconciler{
		Client: started.GetClient(), Clientset: client, Log: ctrl.Log.WithName("inferenceservice"), Scheme: scheme,
		Recorder: events.NewRecorder(scheme, corev1.EventSource{Component: "kserve"}),
	}
	if err := reconciler.SetupWithManager(started, deploy, ingress); err != nil {
		return err
	}
	return ctrl.NewWebhookManagedBy(started).For(&v1beta1.InferenceService{}).
		WithDefaulter(&v1beta1.InferenceServiceDefaulter{}).
		WithValidator(&v1beta1.InferenceServiceValidator{}).Complete()
}
