"""What every serving app needs and nobody wants to write again. Comes from the template: `copier update` renews it."""
